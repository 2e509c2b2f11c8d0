#include "flow/machine_memory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/limits.hpp"
#include "temporary_folder.hpp"

namespace sluice {
namespace {

using limits::mib;

class MachineMemory : public testing::Test {
protected:
    MachineMemory() { write("proc/meminfo", "MemTotal:        8388608 kB\nMemFree:          123456 kB\n"); }
    void write(const std::string& path, const std::string& text) const {
        std::filesystem::create_directories((root / path).parent_path());
        std::ofstream(root / path) << text;
    }

    const TemporaryFolder folder;
    const std::filesystem::path& root = folder.path;
};

TEST_F(MachineMemory, IsThatOfTheMachineWhereNoGroupAllowsLess) {
    EXPECT_EQ(machine_memory(root), 8192 * mib);
    write("proc/self/cgroup", "0::/user.slice\n");
    write("sys/fs/cgroup/user.slice/memory.max", "max\n");
    EXPECT_EQ(machine_memory(root), 8192 * mib);
}

TEST_F(MachineMemory, IsTheLeastThatAGroupOrOneAboveItAllows) {
    write("proc/self/cgroup", "0::/system.slice/sluice.service\n");
    write("sys/fs/cgroup/system.slice/sluice.service/memory.max", "max\n");
    write("sys/fs/cgroup/system.slice/memory.max", "1073741824\n");
    EXPECT_EQ(machine_memory(root), 1024 * mib);
    write("sys/fs/cgroup/system.slice/sluice.service/memory.max", "536870912\n");
    EXPECT_EQ(machine_memory(root), 512 * mib);
}

TEST_F(MachineMemory, FindsALimitAtTheTopOfAContainer) {
    write("proc/self/cgroup", "0::/../../docker/0123\n");
    write("sys/fs/cgroup/memory.max", "268435456\n");
    EXPECT_EQ(machine_memory(root), 256 * mib);
}

TEST_F(MachineMemory, ReadsTheGroupsOfVersion1) {
    write("proc/self/cgroup", "5:cpu,cpuacct:/a\n4:memory:/a/b\n0::/a\n");
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    write("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "134217728\n");
    EXPECT_EQ(machine_memory(root), 128 * mib);
}

TEST_F(MachineMemory, IsUnknownWhereNothingSaysIt) {
    EXPECT_EQ(machine_memory(root / "nowhere"), 0u);
}

TEST(MemoryLimitDefault, IsAQuarterInWholeMebibytes) {
    EXPECT_EQ(memory_limit_of(8191 * mib + 5), 2047 * mib);
    EXPECT_EQ(memory_limit_of(0), 1024 * mib) << "unknown";
    EXPECT_EQ(memory_limit_of(mib), mib);
    EXPECT_EQ(memory_limit_of(std::uint64_t{1} << 50), std::uint64_t{1} << 40);
    EXPECT_EQ(default_memory_limit(), memory_limit_of(machine_memory()));
}

}  // namespace
}  // namespace sluice
