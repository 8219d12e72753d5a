/* SPDX-License-Identifier: Apache-2.0 */
/* The border of <jeton/policy.h>. */
#include "library/border.h"

enum jeton_status jeton_policy_new(const struct jeton_policy_options *options, struct jeton_policy **policy,
                                   struct jeton_detail *detail)
{
    struct jt_policy *made = NULL;
    if (options->size != sizeof *options)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "policy options of another version");
    JT_TRY(jt_policy_new(options, &made, detail));
    *policy = (struct jeton_policy *)made;
    return JETON_OK;
}

void jeton_policy_free(struct jeton_policy *policy)
{
    jt_policy_free(jt_border_policy(policy));
}
