/* SPDX-License-Identifier: Apache-2.0 */
/* What do the documents below /.well-known/ have in common? Lists, addresses, and where each stands (RFC 8414 §3.1,
 * RFC 9728 §3.1). */
#ifndef JT_SERVER_METADATA_H
#define JT_SERVER_METADATA_H

#include "base/json.h"
#include "server/routes.h"

void jt_metadata_list(struct jt_json_writer *writer, const char *name, const char *const *texts, size_t count);
/* scopes_supported: every scope that some client may get, each once; where there is none, `otherwise`, or an empty list
 * when that is NULL. */
void jt_metadata_scopes(struct jt_json_writer *writer, const struct jt_server *server, const char *otherwise);

/* The path of an address, without a slash at its end; "" for a host alone. Borrowed. */
struct jeton_bytes jt_metadata_path_of(struct jeton_bytes address);
/* Does this request's path, "/.well-known/NAME…", end there, or in `path`? */
bool jt_metadata_is_at(struct jeton_bytes request, struct jeton_bytes path);
#endif
