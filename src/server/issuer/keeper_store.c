/* SPDX-License-Identifier: Apache-2.0 */
/* How do the issuer's keys go to the store? Each sealed for the state it is in, those that were revoked by name alone,
 * and the marks of the change, all in one transaction. Beside keeper.c. */
#include <stdlib.h>

#include "server/issuer/keeper_parts.h"

enum { MARKS = 7 };

struct rows {
    struct jt_stored_key at[JT_ROTATION_KEYS + JT_KEEPER_REVOKED + 1];
    size_t ends[JT_ROTATION_KEYS]; /* of each sealed key in the text */
    size_t count;
    struct jt_buffer sealed;
};

static JT_CHECKED add_row(const struct jt_keeper *keeper, const struct jt_keeper_change *change,
                          const struct jt_rotation_key *key, struct rows *rows, struct jeton_detail *detail)
{
    struct jt_stored_key *row = &rows->at[rows->count];
    int64_t created_at;
    const struct jt_secret_jwk *secret = jt_key_ring_key_of(&keeper->ring, &change->keys, key->id, &created_at);
    struct jt_seal_bond bond = {JT_SEAL_SCHEMA, secret->about.kid, jt_algorithm_name(secret->about.alg),
                                jeton_text(jt_signer_state_name(key->state))};

    bool unseen = key->state == JT_SIGNER_NEXT && key->id == change->keys.added_id;

    /* Nobody has seen it yet: how long it was shown counts from when it was. Until that is stored too, a restart begins
     * anew (keeper_open.c). */
    *row = (struct jt_stored_key){.kid = bond.kid,
                                  .algorithm = bond.algorithm,
                                  .state = bond.state,
                                  .created_at = created_at,
                                  .published_at = unseen ? 0 : key->published_at,
                                  .signs_from = key->signs_from,
                                  .signs_until = key->signs_until};
    JT_TRY(jt_sealed_key_write(secret, change->seal_key, &bond, &rows->sealed, detail));
    rows->ends[rows->count++] = rows->sealed.len;
    return JETON_OK;
}

static void add_revoked(const struct jt_revoked_key *revoked, struct rows *rows)
{
    rows->at[rows->count++] = (struct jt_stored_key){.kid = jeton_text(revoked->kid),
                                                     .algorithm = jeton_text(revoked->algorithm),
                                                     .state = JT_TEXT("revoked"),
                                                     .created_at = revoked->at,
                                                     .sealed = jeton_text(revoked->thumbprint)};
}

static JT_CHECKED fill_rows(const struct jt_keeper *keeper, const struct jt_keeper_change *change, struct rows *rows,
                            struct jeton_detail *detail)
{
    size_t full = keeper->revoked_count == JT_KEEPER_REVOKED && change->revoked != NULL;

    for (size_t i = 0; i < change->keys.rotation.count; i++)
        JT_TRY(add_row(keeper, change, &change->keys.rotation.at[i], rows, detail));
    for (size_t i = 0; i < rows->count; i++) {
        size_t from = i > 0 ? rows->ends[i - 1] : 0;

        rows->at[i].sealed = jt_bytes_cut(jt_buffer_bytes(&rows->sealed), from, rows->ends[i]);
    }
    for (size_t i = full; i < keeper->revoked_count; i++)
        add_revoked(&keeper->revoked[i], rows);
    if (change->revoked != NULL)
        add_revoked(change->revoked, rows);
    return JETON_OK;
}

static void rows_free(struct rows *rows)
{
    if (rows != NULL)
        jt_buffer_done(&rows->sealed);
    free(rows);
}

static JT_CHECKED rows_make(const struct jt_keeper *keeper, const struct jt_keeper_change *change, struct rows **out,
                            struct jeton_detail *detail)
{
    struct rows *rows = calloc(1, sizeof *rows);
    enum jeton_status status;

    if (rows == NULL)
        return JETON_OUT_OF_MEMORY;
    jt_buffer_init(&rows->sealed, JT_ROTATION_KEYS * JT_KEEPER_SEALED_MAX);
    status = fill_rows(keeper, change, rows, detail);
    if (status == JETON_OK)
        *out = rows;
    else
        rows_free(rows);
    return status;
}

JT_CHECKED jt_keeper_store(const struct jt_keeper *keeper, const struct jt_keeper_change *change,
                           struct jeton_detail *detail)
{
    const struct jt_rotation *rotation = &change->keys.rotation;
    const struct jt_store_mark marks[MARKS] = {
        {JT_TEXT("generation"), keeper->generation + 1},
        {JT_TEXT("seen_at"), change->keys.now},
        {JT_TEXT("token_ttl"), rotation->times.token_ttl},
        {JT_TEXT("jwks_max_age"), rotation->times.jwks_max_age},
        {JT_TEXT("past_token_ttl"), rotation->past.token_ttl},
        {JT_TEXT("past_jwks_max_age"), rotation->past.jwks_max_age},
        {JT_TEXT("past_until"), rotation->past.until},
    };
    struct rows *rows = NULL;
    enum jeton_status status;

    JT_TRY(rows_make(keeper, change, &rows, detail));
    status = jt_store_replace_keys(keeper->store, rows->at, rows->count, marks, MARKS, detail);
    rows_free(rows);
    return status;
}

JT_CHECKED jt_keeper_store_first(struct jt_keeper *keeper, const struct jt_keeper_change *change,
                                 const struct jt_stored_client *client, struct jeton_detail *detail)
{
    struct rows *rows = NULL;
    enum jeton_status status;

    JT_TRY(rows_make(keeper, change, &rows, detail));
    status = jt_store_begin(keeper->store, &rows->at[0], client, detail);
    rows_free(rows);
    return status;
}
