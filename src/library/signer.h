/* SPDX-License-Identifier: Apache-2.0 */
/* What is a signer of the promise made of? A ring of keys, and the set that any thread signs and shows with; shared by
 * signer.c, signer_memory.c and minter.c. */
#ifndef JT_LIBRARY_SIGNER_H
#define JT_LIBRARY_SIGNER_H

#include "keys/key_ring.h"
#include "library/border.h"

struct jeton_signer {
    jeton_signer_save_function save;
    void *context;
    int64_t token_ttl, jwks_max_age; /* as any thread reads them: they never change */
    struct jt_signers *signers;
    struct jt_key_ring ring;
    bool unsaved; /* a jump of the clock, or settings, that is not kept yet */
};

/* Signs what keeps the signer's promise, refuses the rest: as jeton_signer_sign(). */
JT_CHECKED jt_border_signer_sign(struct jeton_signer *signer, const struct jeton_sign_options *options,
                                 struct jt_buffer *token, struct jeton_detail *detail);

/* --- signer_memory.c --- */

JT_CHECKED jt_border_signer_check(const struct jeton_signer_options *options, const struct jt_algorithm **algorithm,
                                  struct jeton_detail *detail);
/* Takes what was kept into a new signer. */
JT_CHECKED jt_border_signer_recall(struct jeton_signer *signer, const struct jeton_signer_memory *memory,
                                   struct jeton_detail *detail);
/* Hands all that must be kept to the save function. */
JT_CHECKED jt_border_signer_save(struct jeton_signer *signer, const struct jt_ring_change *change,
                                 struct jeton_detail *detail);
#endif
