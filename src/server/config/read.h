/* SPDX-License-Identifier: Apache-2.0 */
/* How does a text become settings, with all its faults told at once? A table of keys says what may be written; the
 * reader fills a struct by the table's offsets and remembers where each value stood. It reads no file and no
 * environment: texts come in, a struct and a list of faults come out. First stage of Config -> server. */
#ifndef JT_SERVER_CONFIG_READ_H
#define JT_SERVER_CONFIG_READ_H

#include "base/bytes.h"

/* Where a value stood. `source` NULL: the file; else "$JETON_LISTEN" or "--listen". Line 0: the default. */
struct jt_place {
    const char *source;
    unsigned line;
    unsigned column;
};

/* What a field of the filled struct looks like, by the type of its key. Texts have a NUL behind them and none inside.
 */
struct jt_config_text { /* TEXT, CHOICE; `at` NULL: not given and without default */
    const char *at;
    struct jt_place place;
};
struct jt_config_number { /* INTEGER, SIZE (bytes), DURATION (milliseconds), BOOLEAN (0 or 1) */
    int64_t value;
    struct jt_place place;
};
struct jt_config_list { /* LIST */
    struct jt_config_text *at;
    size_t count;
    struct jt_place place;
};
struct jt_config_pair {
    struct jt_config_text name;
    struct jt_config_text value;
};
struct jt_config_pairs { /* PAIRS: a mapping of free names to texts */
    struct jt_config_pair *at;
    size_t count;
    struct jt_place place;
};
struct jt_config_items { /* ITEMS: a list of mappings; NAMED: a mapping of free names to mappings */
    void *at;            /* item_size each; every item struct starts with a jt_config_text: in NAMED its name */
    size_t count;
    struct jt_place place;
};

enum jt_config_type {
    JT_CONFIG_TEXT,
    JT_CONFIG_CHOICE,
    JT_CONFIG_INTEGER,
    JT_CONFIG_SIZE,
    JT_CONFIG_DURATION,
    JT_CONFIG_BOOLEAN,
    JT_CONFIG_LIST,
    JT_CONFIG_PAIRS,
    JT_CONFIG_ITEMS,
    JT_CONFIG_NAMED
};

/* One key. `path` is "limits.token", "clients[].id" (a key of each item of the list "clients"),
 * "verify.policies.*.scopes" (a key of each mapping below "verify.policies"). */
struct jt_config_key {
    const char *path;
    enum jt_config_type type;
    size_t offset;        /* of the field in its struct: the item's below [] or *, else the whole's */
    const char *fallback; /* the default, written as in the file (lists by commas); NULL: none */
    int64_t min, max; /* INTEGER, SIZE (bytes), DURATION (ms): both inclusive; LIST, PAIRS, ITEMS: max count, 0: 256 */
    const char *choices;                           /* CHOICE: words with a space between */
    size_t item_size;                              /* ITEMS, NAMED */
    bool required;                                 /* below [] or *: each item needs it */
    bool empty;                                    /* TEXT: "" is a value, not judged */
    bool single;                                   /* LIST: one value may stand without its brackets */
    bool restart;                                  /* a reload leaves it as it was; texts and numbers alone */
    const char *(*judge)(struct jeton_bytes text); /* TEXT, LIST (elements), PAIRS (names), NAMED (names): NULL is good,
                                                      else the fault */
    const char *shown; /* what the man page shows as default where `fallback` cannot say it; may be NULL */
    const char *text;  /* what it is for: one or more sentences */
};

/* Another name in the environment for a key: taken where the key's own name is not set there. */
struct jt_config_alias {
    const char *name;
    const char *path;
    const char *unit;  /* stands behind the value: "s"; NULL: none */
    const char *words; /* "warning=warn fatal=error": read without case, these otherwise; NULL: as it is */
};

struct jt_config_table {
    const struct jt_config_key *at;
    size_t count;
    const struct jt_config_alias *aliases; /* may be NULL */
    size_t alias_count;
};

struct jt_config_fault {
    struct jt_place place;
    char key[128];
    char what[232];
};

/* All that is wrong, at most JT_CONFIG_FAULTS of it. Zero-initialised it is empty. */
#define JT_CONFIG_FAULTS 100
struct jt_config_faults {
    struct jt_config_fault at[JT_CONFIG_FAULTS];
    size_t count;
    bool more; /* there were more than fit */
};

/* Memory of a filled struct: blocks, freed together. Zero-initialised it is empty. */
struct jt_config_memory {
    void *blocks;
};
void jt_config_memory_done(struct jt_config_memory *memory);
/* Zeroed; NULL when out of memory. */
void *jt_config_take(struct jt_config_memory *memory, size_t len);

/* Writes every key's default. The defaults of a table are part of the program: a bad one is an assert. */
JT_CHECKED jt_config_defaults(const struct jt_config_table *table, struct jt_config_memory *memory, void *config);

/* Reads one YAML document over what stands in `config`. JETON_OK when the text could be read at all, with or without
 * faults: a caller looks at faults->count. JETON_OUT_OF_MEMORY. */
JT_CHECKED jt_config_read(struct jeton_bytes text, const struct jt_config_table *table, struct jt_config_memory *memory,
                          void *config, struct jt_config_faults *faults);

/* Reads what `environment` (NAME=value, ended by NULL) says about the table's keys: the name is JETON_ and the path in
 * capitals with _ for every dot. An empty value is as if unset. Lists by commas; what has no short form (pairs, items)
 * is written as in the file, in YAML's flow style. `unknown` gets the first JETON_ name that is no key's, or NULL. */
JT_CHECKED jt_config_environment(const char *const *environment, const struct jt_config_table *table,
                                 struct jt_config_memory *memory, void *config, struct jt_config_faults *faults,
                                 const char **unknown);

/* One value from the command line; `source` is the option's name and lives as long as `config`. */
JT_CHECKED jt_config_option(const char *path, const char *source, const char *value,
                            const struct jt_config_table *table, struct jt_config_memory *memory, void *config,
                            struct jt_config_faults *faults);

/* The environment name of a key into `out`; false when it has none (keys of items). */
bool jt_config_environment_name(const struct jt_config_key *key, char *out, size_t room);

/* The value of a variable, trimmed; empty when it is unset, empty or blank (S1.1). */
struct jeton_bytes jt_config_variable(const char *const *environment, const char *name);

/* Adds a fault: `what` is a format. */
void jt_config_fault(struct jt_config_faults *faults, struct jt_place place, const char *key, const char *what, ...)
    __attribute__((format(printf, 4, 5), cold));
/* True when a fault of this very key was added: a value that was refused is not missing. */
bool jt_config_told(const struct jt_config_faults *faults, const char *key);
/* In the order of the text: file first, then by source, line and column. */
void jt_config_faults_sort(struct jt_config_faults *faults);
/* "FILE:LINE:COLUMN: key: what" without a line feed; `file` stands for a NULL source. */
void jt_config_fault_write(const struct jt_config_fault *fault, const char *file, char *out, size_t room);
#endif
