/* SPDX-License-Identifier: Apache-2.0 */
/* What is an engine of the promise made of? The engine of the keys room and the transport it fetches by; shared by the
 * border's engine.c, fetcher.c, source.c and trust.c. */
#ifndef JT_LIBRARY_ENGINE_H
#define JT_LIBRARY_ENGINE_H

#include "keys/engine.h"
#include "library/border.h"

struct jeton_engine {
    struct jt_transport transport; /* first: what the inner engine calls; its functions cast back, then hand on */
    struct jt_transport *through;  /* libcurl's, or the caller's fetcher */
    bool network;                  /* it is libcurl's */
    struct jt_engine *inner;
    struct jeton_engine_options options;
};

static inline struct jt_source *jt_border_source(const struct jeton_source *source)
{
    return (struct jt_source *)(uintptr_t)source;
}

/* A transport over the caller's functions; closing it does not wait for requests that are still theirs. `ended` is
 * called when one of them ends, perhaps as late as that: it and its context are the caller's too. */
JT_CHECKED jt_border_fetcher_open(const struct jeton_fetcher *fetcher, struct jt_transport **out);
void jt_border_fetcher_close(struct jt_transport *transport);
void jt_border_fetcher_tell(struct jt_transport *transport, void (*ended)(void *context), void *context);
#endif
