/* SPDX-License-Identifier: Apache-2.0 */
/* What does an entry of `trust` mean, with what it inherits? Between its check and its assembly; pure but for the files
 * that it names. */
#ifndef JT_SERVER_CONFIG_TRUST_H
#define JT_SERVER_CONFIG_TRUST_H

#include "keys/source.h"
#include "server/config/config.h"

/* The entry's own times, where it has them, else those for all. */
struct jt_config_key_source jt_config_times(const struct jt_config *config, const struct jt_config_trust *trust);
/* How a fetch for this entry goes; texts are borrowed from the configuration. Without saved_path. */
struct jt_source_options jt_config_source_options(const struct jt_config *config, const struct jt_config_trust *trust);
/* The place of its keys as engine and source know it: STATIC for key_files and secret_file. `address` is empty then. */
enum jt_source_kind jt_config_place(const struct jt_config_trust *trust, struct jeton_bytes *address);
/* Are its keys given once, by the operator? */
bool jt_config_is_static(const struct jt_config_trust *trust);
/* How long a request may wait for its keys, in milliseconds. */
int64_t jt_config_wait(const struct jt_config *config, const struct jt_config_trust *trust);

/* The keys of a client, as an entry of trust would have them; "client ID" is its name, which no issuer has. Borrows
 * from the client, and the name from `name`. */
#define JT_CLIENT_NAME_ROOM 264
struct jt_config_trust jt_config_client_keys(const struct jt_config_client *client, char name[JT_CLIENT_NAME_ROOM]);
bool jt_config_has_keys(const struct jt_config_client *client);

/* The keys of key_files or secret_file. JETON_CONFIG_INVALID or JETON_KEY_INVALID: `file` (may be NULL) is then the one
 * at fault. */
JT_CHECKED jt_config_static_keys(const struct jt_config_trust *trust, struct jt_keyset **out,
                                 const struct jt_config_text **file, struct jeton_detail *detail);
#endif
