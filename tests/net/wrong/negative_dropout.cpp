// expect: dropout: its probability is at least 0 and below 1
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 1, 1>, flatten, fully_connected<4>, dropout<-0.5>);
