#include "plugin/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sluice {
namespace {

// Copies what both sides know. `mandatory` is where the last mandatory member ends; no later minor may move it up.
template <typename Table>
std::string copy_table(const void* table, const char* type, std::size_t mandatory, Table& to) {
    if (table == nullptr) return "its table is NULL";
    std::uint32_t size = 0;
    std::memcpy(&size, table, sizeof size);
    if (size < mandatory)
        return fmt::format("its {} says struct_size {}, but the mandatory members alone take {}", type, size, mandatory);
    to = {};
    std::memcpy(&to, table, std::min<std::size_t>(size, sizeof to));
    to.struct_size = sizeof to;
    return {};
}

template <typename Member>
constexpr std::size_t end_of(std::size_t offset) {
    return offset + sizeof(Member);
}
#define SLUICE_END_OF(type, member) end_of<decltype(type::member)>(offsetof(type, member))

struct Needed {
    const char* name;
    bool present;
};

template <std::size_t Count>
std::string missing(const char* type, const Needed (&needed)[Count]) {
    for (const Needed& member : needed)
        if (!member.present) return fmt::format("its {} has no {}, which is mandatory", type, member.name);
    return {};
}

}  // namespace

std::string take_table(const void* table, const ComponentSpec&, sluice_handler& to) {
    const std::string why = copy_table(table, "sluice_handler", SLUICE_END_OF(sluice_handler, destroy), to);
    if (!why.empty()) return why;
    if (to.load_shared != nullptr && to.use_shared == nullptr)
        return "its sluice_handler has load_shared without use_shared: nobody would be given what it loads";
    return missing("sluice_handler",
                   {{"create", to.create != nullptr}, {"handle", to.handle != nullptr}, {"destroy", to.destroy != nullptr}});
}

std::string take_table(const void* table, const ComponentSpec& component, sluice_queue& to) {
    std::string why = copy_table(table, "sluice_queue", SLUICE_END_OF(sluice_queue, close), to);
    if (why.empty())
        why = missing("sluice_queue",
                      {{"create", to.create != nullptr}, {"destroy", to.destroy != nullptr}, {"close", to.close != nullptr}});
    if (why.empty() && component.source)
        why = missing("sluice_queue", {{"capabilities", to.capabilities != nullptr},
                                       {"open_source", to.open_source != nullptr},
                                       {"poll", to.poll != nullptr},
                                       {"settle", to.settle != nullptr}});
    if (why.empty() && component.target)
        why = missing("sluice_queue", {{"open_target", to.open_target != nullptr}, {"publish", to.publish != nullptr}});
    return why;
}

std::string take_table(const void* table, const ComponentSpec&, sluice_database& to) {
    std::string why = copy_table(table, "sluice_database", SLUICE_END_OF(sluice_database, restart), to);
    if (!why.empty()) return why;
    // Kept and never found again, they would be lost without a word.
    if (to.keep_publishes != nullptr || to.kept_publishes != nullptr || to.publishes_done != nullptr)
        why = missing("sluice_database", {{"keep_publishes", to.keep_publishes != nullptr},
                                          {"kept_publishes", to.kept_publishes != nullptr},
                                          {"publishes_done", to.publishes_done != nullptr}});
    if (!why.empty()) return why + " beside the other two about publishes";
    return missing("sluice_database", {{"create", to.create != nullptr},
                                       {"destroy", to.destroy != nullptr},
                                       {"capabilities", to.capabilities != nullptr},
                                       {"open", to.open != nullptr},
                                       {"close", to.close != nullptr},
                                       {"connect", to.connect != nullptr},
                                       {"disconnect", to.disconnect != nullptr},
                                       {"prepare", to.prepare != nullptr},
                                       {"unit_begin", to.unit_begin != nullptr},
                                       {"execute", to.execute != nullptr},
                                       {"query", to.query != nullptr},
                                       {"drop", to.drop != nullptr},
                                       {"forget", to.forget != nullptr},
                                       {"seal", to.seal != nullptr},
                                       {"commit_submit", to.commit_submit != nullptr},
                                       {"abandon_unit", to.abandon_unit != nullptr},
                                       {"restart", to.restart != nullptr}});
}

std::string broken_promise(const sluice_queue&, std::uint64_t capabilities) {
    if ((capabilities & SLUICE_QUEUE_RELEASE_KEEPS_ORDER) != 0 && (capabilities & SLUICE_QUEUE_TAKES_BACK) == 0)
        return "it says SLUICE_QUEUE_RELEASE_KEEPS_ORDER without SLUICE_QUEUE_TAKES_BACK";
    return {};
}

std::string broken_promise(const sluice_database& table, std::uint64_t capabilities) {
    if ((capabilities & SLUICE_DATABASE_DEDUPLICATES) != 0 && table.record_once == nullptr)
        return "it says SLUICE_DATABASE_DEDUPLICATES, but its sluice_database has no record_once";
    if ((capabilities & SLUICE_DATABASE_SETTLES) != 0 && (!SLUICE_HAS(&table, settle) || table.settle == nullptr))
        return "it says SLUICE_DATABASE_SETTLES, but its sluice_database has no settle";
    return {};
}

}  // namespace sluice
