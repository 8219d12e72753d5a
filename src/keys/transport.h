/* SPDX-License-Identifier: Apache-2.0 */
/* How does the engine ask for a document without waiting for it? It hands a request to a transport and gets it back
 * finished from a later step. The one over libcurl is fetch_url_many.c; tests bring their own. */
#ifndef JT_KEYS_TRANSPORT_H
#define JT_KEYS_TRANSPORT_H

#include "keys/fetch_url.h"

struct jt_request {
    struct jeton_bytes url;
    struct jt_fetch_options options; /* texts borrowed from whoever made the request, until it is finished */
    void *owner;
    /* Filled when it is finished. */
    enum jeton_status status; /* as jt_fetch_url() */
    struct jt_fetch_result result;
    struct jeton_detail detail;
    void *transport_part;
};

struct jt_transport {
    /* Begins the request; it belongs to the transport until it is finished or cancelled. A request that cannot begin is
     * finished by the next step with its status. */
    void (*begin)(struct jt_transport *transport, struct jt_request *request);
    void (*cancel)(struct jt_transport *transport, struct jt_request *request);
    /* Works for at most `wait_ms`, less when something finished or somebody woke it; gives one finished request, or
     * NULL. */
    struct jt_request *(*step)(struct jt_transport *transport, int64_t wait_ms);
    void (*wake)(struct jt_transport *transport); /* from any thread */
};
#endif
