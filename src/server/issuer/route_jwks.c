/* SPDX-License-Identifier: Apache-2.0 */
/* GET /.well-known/jwks.json: which keys does this issuer sign with? Last stage of Secret -> published JWKS. */
#include <inttypes.h>
#include <stdio.h>

#include "server/routes.h"

/* RFC 9110 §13.1.2: a list of tags, weakly compared, or "*". */
static bool is_known(struct jeton_bytes tags, const char *etag)
{
    size_t len = strlen(etag);

    if (jt_bytes_equal(tags, JT_TEXT("*")))
        return true;
    for (size_t from = 0; from + len <= tags.len; from++) {
        if (memcmp((const char *)tags.at + from, etag, len) == 0)
            return true;
    }
    return false;
}

/* How long others may keep it is one number at all times: what is published now lacks no key that signs within
 * jwks_max_age, since a key is published for longer than that before it signs (config/check_signing.c, rotation.h). */
static void write_answer(const struct jt_server *server, const struct jt_request *request,
                         const struct jt_published *published, struct jt_answer *answer)
{
    char *cache = jt_arena_take(request->arena, 64), *etag = jt_arena_take(request->arena, sizeof published->etag);
    void *copy = jt_arena_take(request->arena, published->jwks.len);

    if (cache == NULL || etag == NULL || copy == NULL)
        return;
    memcpy(etag, published->etag, sizeof published->etag);
    memcpy(copy, published->jwks.at, published->jwks.len);
    snprintf(cache, 64, "public, max-age=%" PRId64, server->config->signing.jwks_max_age.value / 1000);
    jt_answer_header(answer, "Cache-Control", cache);
    jt_answer_header(answer, "ETag", etag);
    if (is_known(jt_request_header(request, "If-None-Match", NULL), etag)) {
        answer->status = 304;
        return;
    }
    answer->status = 200;
    answer->content_type = "application/jwk-set+json";
    answer->body = jeton_bytes(copy, published->jwks.len);
}

void jt_route_jwks(struct jt_server *server, const struct jt_request *request, struct jt_answer *answer)
{
    struct jt_published_guard guard = jt_signers_enter(server->signers);

    write_answer(server, request, guard.published, answer);
    jt_signers_leave(&guard);
}
