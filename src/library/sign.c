/* SPDX-License-Identifier: Apache-2.0 */
/* The border of <jeton/sign.h>. */
#include "jose/sign.h"

#include "library/border.h"

#define TOKEN_MAX ((size_t)2 << 20)

JT_HOT enum jeton_status jeton_sign(const struct jeton_secret_key *key, const struct jeton_sign_options *options,
                                    struct jeton_output *token, struct jeton_detail *detail)
{
    struct jt_buffer buffer;
    if (options->size != sizeof *options)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "sign options of another version");
    jt_buffer_init(&buffer, TOKEN_MAX);
    enum jeton_status status = jt_sign_token(jt_border_secret(key), options, &buffer, detail);
    if (status == JETON_OK)
        return jt_border_give(&buffer, token);
    jt_buffer_done(&buffer);
    return status;
}
