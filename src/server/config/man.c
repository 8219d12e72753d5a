/* SPDX-License-Identifier: Apache-2.0 */
/* What does jetond.yaml(5) say? The table of keys as a man page in scdoc. */

#include "base/buffer.h"
#include "server/config/config.h"

static const char *type_name(enum jt_config_type type)
{
    switch (type) {
    case JT_CONFIG_TEXT:
        return "text";
    case JT_CONFIG_CHOICE:
        return "one of the words below";
    case JT_CONFIG_INTEGER:
        return "whole number";
    case JT_CONFIG_SIZE:
        return "size";
    case JT_CONFIG_DURATION:
        return "duration";
    case JT_CONFIG_BOOLEAN:
        return "true or false";
    case JT_CONFIG_LIST:
        return "list";
    case JT_CONFIG_PAIRS:
        return "mapping of names to texts";
    case JT_CONFIG_ITEMS:
        return "list of mappings";
    case JT_CONFIG_NAMED:
        return "mapping of names to mappings";
    }
    return "";
}

/* scdoc takes _ and * for emphasis, [ ] < > as they are. */
static void add_escaped(struct jt_buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("_*\\", *text) != NULL)
            jt_buffer_add_byte(out, '\\');
        jt_buffer_add_byte(out, (unsigned char)*text);
    }
}

/* The same, but *…* of the table's own texts stays emphasis. */
static void add_text(struct jt_buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '_' || *text == '\\')
            jt_buffer_add_byte(out, '\\');
        jt_buffer_add_byte(out, (unsigned char)*text);
    }
}

/* The other names; the key's own wins. */
static void add_aliases(struct jt_buffer *out, const struct jt_config_table *table, const struct jt_config_key *key)
{
    for (size_t i = 0; i < table->alias_count; i++) {
        if (strcmp(table->aliases[i].path, key->path) != 0)
            continue;
        jt_buffer_add_text(out, ", or ");
        add_escaped(out, table->aliases[i].name);
        if (table->aliases[i].unit != NULL)
            jt_buffer_add_format(out, " (a number, in %s)", table->aliases[i].unit);
    }
}

static void add_outside(struct jt_buffer *out)
{
    jt_buffer_add_text(
        out,
        "# OTHER NAMES IN THE ENVIRONMENT\n\n"
        "Of systems whose place *jetond* takes. AUTH\\_JWT\\_… make one entry of *trust*, AUTH\\_ISSUER another, each "
        "over one of the file for the same issuer, whose other keys stay. What may hold a secret is taken once, at "
        "the start, and wiped where it stood. Who sets four of OIDC\\_PROVIDER\\_KEY, OIDC\\_PROVIDER\\_KID, "
        "OIDC\\_PROVIDER\\_ISSUER, SESSION\\_TOKEN\\_KEY, AUTH\\_ISSUER and SOURCE\\_API\\_URL must set all six, "
        "unless the "
        "file says what is missing.\n\n");
    for (size_t i = 0; i < jt_config_outside_count; i++) {
        jt_buffer_add_byte(out, '*');
        add_escaped(out, jt_config_outside_names[i].name);
        jt_buffer_add_text(out, "*\n\t");
        add_text(out, jt_config_outside_names[i].text);
        jt_buffer_add_text(out, "\n\n");
    }
}

static void add_key(struct jt_buffer *out, const struct jt_config_table *table, const struct jt_config_key *key)
{
    char environment[160];

    jt_buffer_add_byte(out, '*');
    add_escaped(out, key->path);
    jt_buffer_add_format(out, "* (%s%s)\n\t", type_name(key->type), key->required ? ", must be given" : "");
    add_text(out, key->text);
    if (key->type == JT_CONFIG_CHOICE || key->choices != NULL) {
        jt_buffer_add_text(out, " One of: ");
        add_escaped(out, key->choices);
        jt_buffer_add_byte(out, '.');
    }
    jt_buffer_add_text(out, "\n\n");
    if (key->shown != NULL || key->fallback != NULL) {
        jt_buffer_add_text(out, "\tDefault: ");
        if (key->shown != NULL)
            add_text(out, key->shown);
        else
            add_escaped(out, key->fallback);
        jt_buffer_add_text(out, ".\n\n");
    }
    if (key->restart)
        jt_buffer_add_text(out, "\tA change of it needs a restart; a reload leaves it as it was.\n\n");
    if (jt_config_environment_name(key, environment, sizeof environment)) {
        jt_buffer_add_text(out, "\tEnvironment: ");
        add_escaped(out, environment);
        add_aliases(out, table, key);
        jt_buffer_add_text(out, "\n\n");
    }
}

void jt_config_man(const struct jt_config_table *table, struct jt_buffer *out)
{
    jt_buffer_add_text(
        out,
        "jetond.yaml(5)\n\n# NAME\n\njetond.yaml - configuration of jetond\n\n# DESCRIPTION\n\n"
        "One YAML document: mappings, lists and plain values; no aliases, anchors, tags or directives. Unknown and "
        "repeated keys, wrong types and ranges are refused, all of them at once, with line and column. An empty file "
        "is a "
        "valid configuration: every key has a default or is not needed.\n\n"
        "*jetond --check --config* _FILE_ tells every fault as _FILE:LINE:COLUMN: key: what_ and changes nothing.\n\n"
        "Durations: 500ms, 90s, 15m, 24h, 30d. Sizes: bytes, or with KiB, MiB, GiB.\n\n"
        "Each key is also taken from the environment under the name told with it; that wins over the file, and an "
        "empty "
        "value is as if unset. Lists are written with commas there; mappings and lists of mappings in YAML's flow "
        "style "
        "({X-User: sub}). Command line options win over both.\n\n# KEYS\n\n");
    for (size_t i = 0; i < table->count; i++)
        add_key(out, table, &table->at[i]);
    add_outside(out);
    jt_buffer_add_text(out,
                       "# EXAMPLE\n\n```\n"
                       "listen: 127.0.0.1:8080\n"
                       "issuer: https://tokens.example\n"
                       "state: /var/lib/jetond\n"
                       "seal_key_file: /etc/jetond/seal.key\n"
                       "signing: {token_ttl: 15m}\n"
                       "verify:\n"
                       "  audiences: [api]\n"
                       "  policies:\n"
                       "    admin: {scopes: [admin]}\n"
                       "clients:\n"
                       "  - {id: web, secret_file: /etc/jetond/web.secret, audiences: [api], scopes: [read, admin]}\n"
                       "```\n\n# SEE ALSO\n\n*jetond*(1)\n");
}
