#include "tools/trainer/dense_evaluation.hpp"

#include "tools/program/progress.hpp"
#include "tools/program/whole_image.hpp"

#include <vggen/io/error.hpp>
#include <vggen/io/load_parameters.hpp>
#include <vggen/io/safetensors.hpp>

#include <cstdio>

namespace vggen {

std::vector<double> dense_probabilities(dense_classifier &network, const dataset &pictures,
                                        const dense_views &views, std::span<const ensemble_member> members,
                                        int threads) {
  const auto classes = static_cast<std::size_t>(network.classes());
  const auto count = static_cast<std::size_t>(pictures.size());
  const std::vector<int> scales = views.scales.empty() ? std::vector{0} : views.scales;
  const double runs =
      static_cast<double>(members.size() * scales.size()) * (views.flip ? 2 : 1); // of a picture
  std::vector<double> means(count * classes);
  progress shown("whole images");
  for (std::size_t m = 0; m < members.size(); ++m) {
    const ensemble_member &member = members[m];
    const safetensors_file file(member.weights);
    const loaded_parameters parameters = load_parameters(network.parameter_tensors(), file);
    for (const auto &note : parameters.notes)
      std::fprintf(stderr, "note: %s\n", note.c_str());
    network.prepare(parameters.sources(), threads);
    for (std::size_t i = 0; i < count; ++i) {
      const image picture = pictures.read(static_cast<std::int64_t>(i));
      const auto of_picture = std::span(means).subspan(i * classes, classes);
      for (const int scale : scales)
        for (const bool mirrored : {false, true}) {
          if (mirrored && !views.flip) continue;
          try {
            const auto result = classify_whole(network, picture, scale, mirrored, member.how.constants,
                                               member.how.reverse_channels);
            for (std::size_t c = 0; c < classes; ++c)
              of_picture[c] += result.probabilities[c] / runs;
          } catch (const error &e) {
            throw error(e.code(), pictures.name(static_cast<std::int64_t>(i)) + ": " + e.what());
          }
        }
      shown.update((static_cast<double>(m) + static_cast<double>(i + 1) / static_cast<double>(count)) /
                   static_cast<double>(members.size()));
    }
  }
  return means;
}

} // namespace vggen
