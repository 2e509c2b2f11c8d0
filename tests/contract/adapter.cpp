#include "adapter.hpp"

#include <gtest/gtest.h>

namespace sluice::contract {

Adapter::Adapter(const QueueEngine& engine, const Folder& folder, std::uint32_t role, Options options, Sizes sizes,
                 bool has_state_dir)
    : name_(engine.name),
      host_(folder, role, std::move(options), std::move(sizes), has_state_dir),
      table_(whole_table<sluice_queue>(load_table(engine.plugin, SLUICE_KIND_QUEUE, engine.component, host_.sizes()))) {
    int untouched = 0;
    self_ = &untouched;
    created_ =
        host_.create([this](const sluice_setup* setup, sluice_fault* fault) { return table_.create(setup, &self_, fault); });
    if (!created_.fault.empty()) note(created_.fault);
    if (created_.ok() && self_ == &untouched) note("create has answered SLUICE_OK without an instance");
    if (!created_.ok() && self_ != &untouched) note("create has failed, and has touched *self");
    if (!created_.ok()) self_ = nullptr;
}

Adapter::~Adapter() {
    if (self_ != nullptr) table_.destroy(self_);
    for (const std::string& rule : broken_) ADD_FAILURE() << name_ << ": " << rule;
}

void Adapter::close() {
    if (std::exchange(is_open_, false)) table_.close(self_);
}

Answer Adapter::depths(sluice_queue_depths& depths) {
    const Sized<sluice_queue_depths> given({}, sizes());
    const Answer answer =
        call([&](auto& table, void* self, sluice_fault* fault) { return table.depths(self, given.get(), fault); });
    if (!given.is_intact()) note("depths has written past its struct_size, or changed that");
    depths = given.value();
    return answer;
}

template <typename Call>
Answer Adapter::show(std::vector<Stored>& found, std::size_t most, Call&& what) {
    struct Context {
        std::vector<Stored>& found;
        std::size_t most;
        Adapter& adapter;
        bool has_enough = false;
    } context{found, most, *this};
    sluice_stored_sink given{};
    given.context = &context;
    given.message = [](void* raw, const sluice_stored* one) noexcept {
        Context& to = *static_cast<Context*>(raw);
        if (to.has_enough) to.adapter.note("a listing goes on after the sink has had enough");
        sluice_stored stored{};
        std::memcpy(&stored, one, std::min<std::size_t>(one->struct_size, sizeof stored));
        to.found.push_back({std::string(view(stored.place)), std::string(view(stored.id)), std::string(view(stored.key)),
                            std::string(view(stored.body)), stored.state, stored.attempt, stored.enqueued_ms, stored.due_ms});
        if (stored.place.size == 0) to.adapter.note("a stored message has no place");
        to.has_enough = to.found.size() >= to.most;
        return to.has_enough ? SLUICE_FULL : SLUICE_OK;
    };
    const Sized<sluice_stored_sink> sink(given, sizes());
    return call([&](auto& table, void* self, sluice_fault* fault) { return what(table, self, sink.get(), fault); });
}

Answer Adapter::list(const std::string& after, std::vector<Stored>& found, std::size_t most) {
    const Page place(after);
    return show(found, most, [&](auto& table, void* self, const sluice_stored_sink* sink, sluice_fault* fault) {
        return table.list(self, {place.begin(), after.size()}, sink, fault);
    });
}

Answer Adapter::get(const std::string& place, std::vector<Stored>& found) {
    const Page given(place);
    return show(found, SIZE_MAX, [&](auto& table, void* self, const sluice_stored_sink* sink, sluice_fault* fault) {
        return table.get(self, {given.begin(), place.size()}, sink, fault);
    });
}

Answer Adapter::remove(const std::vector<std::string>& places, std::uint64_t& removed) {
    std::vector<sluice_bytes> given;
    for (const std::string& place : places) given.push_back(bytes(place));
    return call([&](auto& table, void* self, sluice_fault* fault) {
        return table.remove(self, given.data(), given.size(), &removed, fault);
    });
}

Answer Adapter::limits(sluice_queue_limits& limits) {
    const Sized<sluice_queue_limits> given({}, sizes());
    const Answer answer = call([&](auto& table, void* self, sluice_fault* fault) {
        return table.limits == nullptr ? SLUICE_OK : table.limits(self, given.get(), fault);
    });
    if (!given.is_intact()) note("limits has written past its struct_size, or changed that");
    limits = given.value();
    return answer;
}

Answer Adapter::probe(Facts& facts) {
    struct Context {
        Facts& facts;
        Adapter& adapter;
    } context{facts, *this};
    sluice_probe_sink given{};
    given.context = &context;
    given.fact = [](void* raw, sluice_bytes name, sluice_bytes value) noexcept {
        Context& to = *static_cast<Context*>(raw);
        to.facts.emplace_back(view(name), view(value));
        if (name.size == 0 || value.size == 0) to.adapter.note("a fact without a name or a value");
        if (to.facts.back().second.find('\n') != std::string::npos) to.adapter.note("a fact with a line end");
    };
    const Sized<sluice_probe_sink> sink(given, sizes());
    return call([&](auto& table, void* self, sluice_fault* fault) { return table.probe(self, sink.get(), fault); });
}

Answer Adapter::service(std::uint32_t& next_ms) {
    next_ms = 0;
    return call([&](auto& table, void* self, sluice_fault* fault) { return table.service(self, &next_ms, fault); });
}

}  // namespace sluice::contract
