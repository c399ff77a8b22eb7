// Weight files that anyone can make again from a seed.
#pragma once

#include <vggen/net/parameters.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>

namespace vggen {

/// Writes a safetensors file of random values (fill_initial) for `parameters`, a network's whole list, under
/// the names of tensor_names.hpp. Its metadata are `metadata`, the seed, and vggen's version.
/// `progress` is told how much is written, from 0 to 1. Throws vggen::error as write_safetensors does.
void write_initial_weights(const std::filesystem::path &path, std::span<const parameter_info> parameters,
                           std::uint64_t seed, std::map<std::string, std::string> metadata = {},
                           const std::function<void(double)> &progress = {});

} // namespace vggen
