// A process apart: what it sends, what it throws, how it dies.
#include "formats/support.hpp"

#include <vggen/formats/apart.hpp>

#include <chrono>
#include <csignal>
#include <thread>

#include <sys/wait.h>

using namespace vggen;
using namespace vggen::test;
using detail::apart_limits;
using detail::apart_sink;
using detail::run_apart;

namespace {

constexpr apart_limits some{.memory = std::uint64_t{64} << 20, .seconds = 10};

std::optional<error> failure(const std::function<void(const apart_sink &)> &work,
                             const apart_limits &limits = some) {
  const auto problem = error_of([&] { run_apart("file", limits, work, [](std::span<const std::byte>) {}); });
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1); // no child is left
  return problem;
}

} // namespace

TEST_CASE("what a process sends arrives, in order and whole") {
  std::vector<std::byte> sent(3'000'000), got;
  for (std::size_t i = 0; i < sent.size(); ++i)
    sent[i] = static_cast<std::byte>(i * 7919 >> 5);
  run_apart(
      "file", some, [&](const apart_sink &send) { send(sent); },
      [&](std::span<const std::byte> piece) { got.insert(got.end(), piece.begin(), piece.end()); });
  CHECK(got == sent);
}

TEST_CASE("an error goes through") {
  const auto problem =
      failure([](const apart_sink &) { throw error(error_code::too_large, "file: found much"); });
  REQUIRE(problem);
  CHECK(problem->code() == error_code::too_large);
  CHECK(std::string(problem->what()) == "file: found much");
}

TEST_CASE("a crash, an end, a hang and a foreign exception are errors") {
  for (const auto &work : std::initializer_list<std::function<void(const apart_sink &)>>{
           [](const apart_sink &) { ::raise(SIGKILL); }, [](const apart_sink &) { ::_exit(3); },
           [](const apart_sink &) { throw 1; }}) {
    const auto problem = failure(work);
    REQUIRE(problem);
    CHECK(problem->code() == error_code::corrupt_file);
    CHECK(std::string(problem->what()).starts_with("file: "));
  }
  const auto hang = failure([](const apart_sink &) { std::this_thread::sleep_for(std::chrono::minutes(1)); },
                            {.memory = std::uint64_t{64} << 20, .seconds = 1});
  REQUIRE(hang);
  CHECK(std::string(hang->what()).find("reasonable time") != std::string::npos);
}

TEST_CASE("an exception of the taker ends the process") {
  CHECK_THROWS_AS(run_apart(
                      "file", some,
                      [](const apart_sink &send) {
                        const std::vector<std::byte> much(1 << 20);
                        for (;;)
                          send(much);
                      },
                      [](std::span<const std::byte>) { throw std::runtime_error("enough"); }),
                  std::runtime_error);
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}
