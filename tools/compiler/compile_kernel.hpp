// One kernel to one object file: runs its generator in this process.
#pragma once

#include "tools/compiler/schedule_database.hpp"

#include <Halide.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace vggen {

/// Represents a function to be compiled.
struct compile_job {
  std::string what;      ///< for people: the kernel's text
  std::string generator; ///< registered name
  std::map<std::string, std::string> parameters;
  std::string autoscheduler; ///< plugin to load; empty: none
  std::string key;           ///< hash of all that the result depends on
  std::string symbol;        ///< of the function; contains the key
  Halide::Target target;
};

/// The job of a kernel, for a target without a runtime.
compile_job job_of(const resolved_kernel &kernel, const Halide::Target &target);

/// The job that packs a layer's weights for `kernel` as its schedule asks for.
compile_job pack_job_of(const resolved_kernel &kernel, const weight_layout &layout,
                        const Halide::Target &target);

/// What is known of a compiled function beside its object file.
struct compiled_facts {
  std::int64_t scratch_shared = 0, scratch_per_task = 0, code_bytes = 0;
  std::vector<std::vector<int>> device_scratch; ///< extents of each buffer
};

/// Compiles the job's function into `folder`/<key>.o and <key>.json. Throws.
void compile(const compile_job &job, const std::filesystem::path &folder);

/// The job's result is in the cache.
bool is_compiled(const compile_job &job, const std::filesystem::path &folder);

/// Reads what compile() wrote. Throws.
compiled_facts read_facts(const compile_job &job, const std::filesystem::path &folder);

} // namespace vggen
