/* SPDX-License-Identifier: Apache-2.0 */
/* The border of <jeton/keyset.h>. */
#include "library/border.h"

const char *jeton_skip_name(enum jeton_skip skip)
{
    return jt_skip_name(skip);
}

enum jeton_status jeton_keyset_new(struct jeton_keyset **set)
{
    struct jt_keyset *made = NULL;
    JT_TRY(jt_keyset_new(&made));
    *set = (struct jeton_keyset *)made;
    return JETON_OK;
}

static enum jeton_status checked(const struct jeton_keyset_options **options, struct jeton_detail *detail)
{
    static const struct jeton_keyset_options defaults = JETON_KEYSET_OPTIONS_INIT;
    if (*options == NULL)
        *options = &defaults;
    if ((*options)->size != sizeof **options)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "key set options of another version");
    return JETON_OK;
}

enum jeton_status jeton_keyset_add(struct jeton_keyset *set, struct jeton_bytes text,
                                   const struct jeton_keyset_options *options, struct jeton_detail *detail)
{
    JT_TRY(checked(&options, detail));
    return jt_keyset_read(jt_border_keyset(set), text, options->origin, options->note, options->note_context, detail);
}

enum jeton_status jeton_keyset_add_jwks(struct jeton_keyset *set, struct jeton_bytes json,
                                        const struct jeton_keyset_options *options, struct jeton_detail *detail)
{
    JT_TRY(checked(&options, detail));
    return jt_keyset_read_jwks(jt_border_keyset(set), json, options->origin, options->note, options->note_context,
                               detail);
}

enum jeton_status jeton_keyset_add_public_key(struct jeton_keyset *set, const struct jeton_public_key *key)
{
    return jt_keyset_add_public(jt_border_keyset(set), jt_border_public(key), true);
}

enum jeton_status jeton_keyset_add_secret(struct jeton_keyset *set, struct jeton_bytes secret,
                                          struct jeton_detail *detail)
{
    struct jt_secret_jwk *jwk = NULL;
    JT_TRY(jt_secret_jwk_from_bytes(secret, &jwk, detail));
    enum jeton_status status = jt_keyset_add_secret(jt_border_keyset(set), jwk, true);
    jt_secret_jwk_release(jwk);
    return status;
}

size_t jeton_keyset_count(const struct jeton_keyset *set)
{
    return jt_keyset_count(jt_border_keyset(set));
}

size_t jeton_keyset_skipped(const struct jeton_keyset *set)
{
    return jt_keyset_skipped(jt_border_keyset(set));
}

void jeton_keyset_warm(struct jeton_keyset *set)
{
    jt_keyset_warm(jt_border_keyset(set));
}

void jeton_keyset_free(struct jeton_keyset *set)
{
    jt_keyset_free(jt_border_keyset(set));
}
