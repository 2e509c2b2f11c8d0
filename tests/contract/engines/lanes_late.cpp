// `lanes`, which confirms settlements when it is called the next time: they may be on their way when a lane is taken away.
#include "lanes.hpp"

namespace sluice::contract {
namespace {

const bool added = add(lanes_engine("lanes_late", 4, true));

}  // namespace
}  // namespace sluice::contract
