#include "tools/trainer/layer_factors.hpp"

#include <vggen/io/error.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ranges>

namespace vggen {

namespace {

constexpr double largest_factor = 1e6;

// The indices of a layer's tensors among those that training changes.
std::vector<std::size_t> tensors_of(const trainable_facts &network, const char *option,
                                    std::string_view layer) {
  std::vector<std::size_t> found;
  bool frozen = false;
  std::string known;
  for (std::size_t i = 0; i < network.parameter_tensors.size(); ++i) {
    const parameter_info &info = network.parameter_tensors[i];
    const bool trained = i >= network.first_trained;
    if (info.name.view() == layer) {
      frozen = !trained;
      found.push_back(i);
    }
    if (trained && (info.role == parameter_role::weights || info.role == parameter_role::scale))
      known += (known.empty() ? "" : ", ") + std::string(info.name.view());
  }
  if (!found.empty() && !frozen) return found;
  throw error(error_code::invalid_argument,
              std::string(option) + ": found the layer '" + std::string(layer) + "'" +
                  (frozen ? ", which this network was compiled not to train" : "") + ", expected one of " +
                  known);
}

} // namespace

layer_rate parse_layer_rate(std::string_view text) {
  const std::size_t equals = std::min(text.find('='), text.size());
  const std::string_view number = text.substr(std::min(equals + 1, text.size()));
  layer_rate rate{.layer = std::string(text.substr(0, equals)), .factor = 0};
  const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), rate.factor);
  const bool whole = failed == std::errc() && end == number.data() + number.size();
  if (rate.layer.empty() || !whole || !(rate.factor >= 0 && rate.factor <= largest_factor))
    throw error(error_code::invalid_argument, "--rate: found '" + std::string(text) +
                                                  "', expected LAYER=FACTOR with a factor from 0 to 1e6, as "
                                                  "conv1_1=0.1");
  return rate;
}

void set_factors(trainable &network, const layer_factors &factors) {
  const trainable_facts &facts = network.facts();
  const auto rates = network.rate_factors(), decays = network.decay_factors();
  std::ranges::fill(rates, 1.f);
  for (std::size_t i = 0; i < decays.size(); ++i)
    decays[i] =
        facts.parameter_tensors[i].role != parameter_role::weights && !factors.decay_biases ? 0.f : 1.f;
  if (!factors.freeze_until.empty()) {
    const std::size_t first = tensors_of(facts, "--freeze-until", factors.freeze_until).front();
    std::ranges::fill(rates.first(first), 0.f);
  }
  for (const layer_rate &rate : factors.rates)
    for (const std::size_t i : tensors_of(facts, "--rate", rate.layer))
      rates[i] = static_cast<float>(rate.factor);
  for (const std::string &layer : factors.no_decay)
    for (const std::size_t i : tensors_of(facts, "--no-decay", layer))
      decays[i] = 0;
}

std::vector<std::string> lines_of(const layer_factors &factors) {
  std::vector<std::string> lines;
  if (!factors.freeze_until.empty())
    lines.push_back("before " + factors.freeze_until + ": learning rate times 0");
  for (const layer_rate &rate : factors.rates) {
    std::array<char, 32> factor{};
    std::snprintf(factor.data(), factor.size(), "%g", rate.factor);
    lines.push_back(rate.layer + ": learning rate times " + factor.data());
  }
  if (!factors.no_decay.empty()) lines.push_back("no decay: " + listed(factors.no_decay));
  return lines;
}

std::string listed(const std::vector<std::string> &names) {
  std::string text;
  for (const auto &name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

} // namespace vggen
