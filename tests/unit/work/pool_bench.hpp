// A pool of workers with a fake handler, on its own threads.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "observe/memory_log.hpp"
#include "publish/fake_target.hpp"
#include "work/fake_database.hpp"
#include "work/fake_handler.hpp"
#include "work/worker_pool.hpp"

namespace sluice {

struct PoolBench {
    std::unique_ptr<WorkerPool> make_pool(FakeHandler& handler, std::uint32_t workers, const WorkPolicy& policy,
                                          Worker::ReturnPath return_path) {
        auto pool = create_pool(handler, workers, policy, return_path);
        EXPECT_TRUE(pool->start());
        return pool;
    }
    std::unique_ptr<WorkerPool> create_pool(FakeHandler& handler, std::uint32_t workers, const WorkPolicy& policy,
                                            Worker::ReturnPath return_path) {
        WorkerPool::Setup setup{.name = "p",
                                .number = 0,
                                .handler_path = "pools.p.handler",
                                .plugin = "fake",
                                .handlers = std::make_unique<PluginHandlerFactory>(handler.handlers()),
                                .options = options,
                                .workers = workers,
                                .policy = policy,
                                .state_dir = "/nowhere"};
        auto pool = WorkerPool::create(std::move(setup), {dependencies, logging, clock, watch, return_path});
        EXPECT_TRUE(pool);
        return std::move(pool).value();
    }
    void use(FakeDatabase& database) {
        database.database.circuit = std::make_unique<Circuit>(clock, logging.logger("databases." + database.name()));
        dependencies.databases.emplace_back(database.name(), &database.database);
    }
    std::int64_t soon() { return clock.now() + std::chrono::nanoseconds(test_deadline).count(); }

    SystemClock clock;
    MemoryFile log;
    Logging logging{LogOptions{}, clock, log.file()};
    Dependencies dependencies;
    Node options;
    Watch watch{clock};
};

}  // namespace sluice
