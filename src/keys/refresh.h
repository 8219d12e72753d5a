/* SPDX-License-Identifier: Apache-2.0 */
/* How does a document become the key set that readers see? The coordinator of the walk "JWKS → snapshot" for one
 * source: the machine says when, the transport brings bytes, jose reads them, the snapshot shows them. Called from the
 * engine alone. */
#ifndef JT_KEYS_REFRESH_H
#define JT_KEYS_REFRESH_H

#include "keys/engine.h"

#define JT_FINGERPRINTS 256

struct jt_refresh {
    struct jt_source *source;
    struct jt_machine machine;
    int64_t wake_at;
    /* the fetch in flight */
    struct jt_request request;
    bool discovering; /* the request is for the discovery document, the one for the keys follows */
    bool full;
    bool begun;              /* the engine has looked at it once: what was saved is loaded, the first fetch asked for */
    struct jt_buffer bearer; /* secret */
    /* what is known of the place */
    struct jt_buffer place;    /* URL of the discovery document while it is asked for */
    struct jt_buffer jwks_uri; /* found by discovery; empty: not yet */
    int64_t discovered_at;
    unsigned keys_failures; /* in a row, since the place was found */
    /* what is known of the last accepted document */
    char etag[JT_FETCH_FIELD_MAX];
    unsigned char digest[32];
    bool has_digest;
    uint64_t fingerprints[JT_FINGERPRINTS]; /* of its keys' thumbprints */
    size_t fingerprint_count;
    size_t keys, skipped; /* of it */
    int64_t saved_at;     /* monotonic */
    int64_t file_seen[4]; /* device, inode, size, change time of a FILE */
};

JT_CHECKED jt_refresh_new(struct jt_engine *engine, struct jt_source *source, struct jt_refresh **out);
void jt_refresh_free(struct jt_engine *engine, struct jt_refresh *refresh); /* nothing may be in flight */

/* One event through the machine, and what it asks for begun. */
void jt_refresh_step(struct jt_engine *engine, struct jt_refresh *refresh, const struct jt_machine_event *event);
/* Tells readers and health what time alone has changed. */
void jt_refresh_show(struct jt_engine *engine, struct jt_refresh *refresh);
/* Loads the last-known-good set, where there is one; before the first step. */
void jt_refresh_seed(struct jt_engine *engine, struct jt_refresh *refresh);
/* The request came back. */
void jt_refresh_finished(struct jt_engine *engine, struct jt_refresh *refresh);

/* The engine's, for refresh.c and saved_set.c. */
int64_t jt_engine_wall(const struct jt_engine *engine);
uint64_t jt_engine_random(const struct jt_engine *engine);
struct jt_transport *jt_engine_transport(const struct jt_engine *engine);
void jt_engine_tell(const struct jt_engine *engine, const struct jt_source_event *event);

/* The reader's side's (source.c): swaps the set in (taken on success). JETON_INTERNAL_ERROR while too many are read. */
JT_CHECKED jt_source_publish(struct jt_source *source, struct jt_keyset *keys, uint64_t generation,
                             uint64_t fingerprint);
void jt_source_set_fault(struct jt_source *source, const char *text);
#endif
