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

void jt_route_jwks(struct jt_server *server, const struct jt_request *request, struct jt_answer *answer)
{
    const struct jt_published *published = jt_signers_published(server->signers);
    char *cache = jt_arena_take(request->arena, 64);

    if (cache == NULL)
        return;
    snprintf(cache, 64, "public, max-age=%" PRId64, server->config->signing.jwks_max_age.value / 1000);
    jt_answer_header(answer, "Cache-Control", cache);
    jt_answer_header(answer, "ETag", published->etag);
    if (is_known(jt_request_header(request, "If-None-Match", NULL), published->etag)) {
        answer->status = 304;
        return;
    }
    answer->status = 200;
    answer->content_type = "application/jwk-set+json";
    answer->body = jt_buffer_bytes(&published->jwks);
}
