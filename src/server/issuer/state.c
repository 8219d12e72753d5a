/* SPDX-License-Identifier: Apache-2.0 */
/* What is there from the run before? The store, and the keys in it; made at the very first start. */
#include "server/issuer/keeper.h"
#include "server/server.h"

JT_CHECKED jt_lasting_open_state(struct jt_lasting *lasting, const struct jt_config *config, bool accept_rollback,
                                 struct jeton_detail *detail)
{
    struct jt_keeper_options options = {.log = &lasting->log, .config = config, .accept_rollback = accept_rollback};
    bool open_to_others = false;

    JT_TRY(jt_store_open(config->state.at, &lasting->store, &open_to_others, detail));
    if (open_to_others)
        jt_log(&lasting->log, JT_LOG_WARN, "others may look into the state; make its mode 0700", "state",
               config->state.at, NULL);
    JT_TRY(jt_signers_new(&lasting->signers));
    options.store = lasting->store;
    options.signers = lasting->signers;
    return jt_keeper_open(&options, &lasting->keeper, detail);
}
