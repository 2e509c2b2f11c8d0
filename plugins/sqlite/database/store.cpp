#include "database/store.hpp"

namespace sluice::sqlite {

void Store::open() {
    interruption_.begin();
    FileUse file = File::share(settings_.path, {.busy_timeout = settings_.busy_timeout, .log = settings_.log}, interruption_);
    file->claim_for_database();
    file_ = std::move(file);
    try {
        HeldWriter held(writer());
        held.connection().run_setup(settings_.setup);
        if (!settings_.deduplicate) return;
        records_.open(held.connection().handle(), settings_.keep);
        writer().set_records(&records_);
        records_.publishes().set_writer(&writer());
    } catch (...) {
        close();
        throw;
    }
}

void Store::close() {
    if (!file_) return;
    records_.publishes().set_writer(nullptr);  // its last job stands before us
    try {
        const HeldWriter held(writer());
        end();
    } catch (const Failure&) {  // the writer is closed, so nobody uses its connection
        end();
    }
    file_->unclaim_for_database();
    file_.reset();
}

void Store::end() {
    writer().set_records(nullptr);
    records_.close();
    statements_.finalize();
}

}  // namespace sluice::sqlite
