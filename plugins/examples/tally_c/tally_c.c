/* An example in C99 with the bare headers: counts messages by the prefix of their key, in a table.
 *
 * Key "EU:4711" counts as "EU" with the separator ":". The table is (prefix TEXT PRIMARY KEY, messages INTEGER); the count in
 * it is exact, since it is part of the message's unit of work. What is logged is this worker's own view of what it has seen.
 */
#include <inttypes.h>
#include <sluice/sluice.h>
#include <stdio.h>
#include <stdlib.h>

SLUICE_MANIFEST("com.example.tally", "1.0.0",
                SLUICE_COMPONENT("handler", "tally", "Counts messages by the prefix of their key.",
                                 SLUICE_OPTION("database", "string", "Database of the table.", SLUICE_REQUIRED),
                                 SLUICE_OPTION("separator", "string", "What ends the prefix.", SLUICE_DEFAULT(":")),
                                 SLUICE_OPTION("report_every", "integer", "Messages of a worker between two lines in the log.",
                                               SLUICE_DEFAULT("100000"), SLUICE_BETWEEN(1, 1000000000))));

#define SAY(fault, status, literal) sluice_fault_set(fault, status, literal, sizeof(literal) - 1)

static const char upsert[] =
    "INSERT INTO tally VALUES(?, 1) ON CONFLICT(prefix) DO UPDATE SET messages = messages + excluded.messages";

struct tally {
    const sluice_host_api* api;
    sluice_host* host;
    uint32_t database;
    uint32_t statement;
    sluice_bytes separator; /* lives as long as the instance */
    int64_t report_every;
    int64_t seen;
};

static sluice_bytes literal(const char* text) {
    sluice_bytes bytes = {text, strlen(text)};
    return bytes;
}

/* What a host lacks is absent or NULL; it is asked once, here, and not for each message. */
static int offers_databases(const sluice_host_api* api) {
    return SLUICE_HAS(api, execute) && api->database != NULL && api->prepare != NULL && api->execute != NULL;
}

static sluice_status create(const sluice_setup* setup, void** self, sluice_fault* fault) {
    const sluice_options_api* options = setup->options_api;
    const sluice_node* node = options->find(setup->options, literal("database"));
    struct tally* made;
    sluice_status status;
    if (!offers_databases(setup->api)) return SAY(fault, SLUICE_UNSUPPORTED, "this host offers no databases");
    made = calloc(1, sizeof *made);
    if (made == NULL) return SAY(fault, SLUICE_UNAVAILABLE, "out of memory");
    made->api = setup->api;
    made->host = setup->host;
    made->separator = options->text(options->find(setup->options, literal("separator")));
    made->report_every = options->integer(options->find(setup->options, literal("report_every")));
    status = setup->api->database(setup->host, options->text(node), &made->database, fault);
    if (status != SLUICE_OK || made->separator.size == 0 || made->report_every < 1) {
        if (status == SLUICE_OK) status = SAY(fault, SLUICE_INVALID, "separator is empty, or report_every below 1");
        free(made);
        return status;
    }
    *self = made;
    return SLUICE_OK;
}

static sluice_status start(void* self, sluice_fault* fault) {
    struct tally* tally = self;
    return tally->api->prepare(tally->host, tally->database, literal(upsert), &tally->statement, fault);
}

static void report(const struct tally* tally) {
    char text[64];
    int size;
    if (!SLUICE_HAS(tally->api, log) || tally->api->log == NULL) return;
    size = snprintf(text, sizeof text, "seen %" PRId64 " messages", tally->seen);
    if (size > 0) {
        sluice_bytes line = {text, (uint64_t)size};
        tally->api->log(tally->host, SLUICE_LOG_INFO, line);
    }
}

/* Up to the separator; the whole key if it has none. */
static sluice_bytes prefix_of(sluice_bytes key, sluice_bytes separator) {
    sluice_bytes prefix = key;
    uint64_t i;
    for (i = 0; i + separator.size <= key.size; ++i)
        if (memcmp(key.data + i, separator.data, (size_t)separator.size) == 0) {
            prefix.size = i;
            break;
        }
    return prefix;
}

static sluice_verdict handle(void* self, const sluice_message* message, sluice_ticket ticket, sluice_fault* fault) {
    struct tally* tally = self;
    sluice_value prefix;
    sluice_status status;
    if (message->key.size == 0) {
        SAY(fault, SLUICE_INVALID, "the message has no key");
        return SLUICE_REJECT;
    }
    prefix.type = SLUICE_VALUE_TEXT;
    prefix.life = SLUICE_LIFE_UNIT; /* a part of the message: the host need not copy it */
    prefix.as.bytes = prefix_of(message->key, tally->separator);
    status = tally->api->execute(tally->host, ticket, tally->database, tally->statement, &prefix, 1, fault);
    if (status == SLUICE_CONSTRAINT) return SLUICE_REJECT;
    if (status != SLUICE_OK && status != SLUICE_QUEUED) return SLUICE_RETRY; /* the host has filled in the fault */
    if (++tally->seen % tally->report_every == 0) report(tally);
    return SLUICE_DONE;
}

static void stop(void* self) {
    report(self);
}

static void destroy(void* self) {
    free(self);
}

/* What is not named, or comes with later headers, is NULL: the host does without. */
static const sluice_handler handler = {.struct_size = sizeof(sluice_handler),
                                       .create = create,
                                       .start = start,
                                       .handle = handle,
                                       .stop = stop,
                                       .destroy = destroy};

static const sluice_component* component(uint32_t index) {
    static const sluice_component tally = {sizeof(sluice_component), SLUICE_KIND_HANDLER, {"tally", 5}, &handler};
    return index == 0 ? &tally : NULL;
}

static const sluice_module module = {sizeof(sluice_module), 1, {"com.example.tally", 17}, {"1.0.0", 5}, NULL, NULL, component};

sluice_status sluice_plugin_entry_v1(const sluice_hello* hello, sluice_reply* reply, sluice_fault* fault) {
    if (hello->minor_oldest > SLUICE_ABI_MINOR)
        return SAY(fault, SLUICE_UNSUPPORTED, "the host is too new: build the plugin again");
    reply->minor_needed = 0; /* works with the first host there was */
    reply->minor = hello->minor_newest > SLUICE_ABI_MINOR ? SLUICE_ABI_MINOR : hello->minor_newest;
    reply->module = &module;
    return SLUICE_OK;
}
