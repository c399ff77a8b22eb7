// Schedules that no tuner may choose: one never ends, one takes the compiler with it, one refuses.
#include "generators/conv.hpp"
#include "schedules/schedule.hpp"

#include <cstdlib>
#include <stdexcept>

#include <unistd.h>

namespace {

using vggen::conv_stages;
using vggen::register_schedule;
using vggen::schedule_request;

void hang(conv_stages &, const schedule_request &) {
  for (;;)
    pause();
}

void crash(conv_stages &, const schedule_request &) { std::abort(); }

void refuse(conv_stages &, const schedule_request &) {
  throw std::invalid_argument("this schedule is for nothing");
}

const register_schedule<conv_stages> hangs{{{.name = "hangs", .error = vggen::measured_error(1e-6)}, hang}};
const register_schedule<conv_stages> crashes{
    {{.name = "crashes", .error = vggen::measured_error(1e-6)}, crash}};
const register_schedule<conv_stages> refuses{
    {{.name = "refuses", .error = vggen::measured_error(1e-6)}, refuse}};

} // namespace
