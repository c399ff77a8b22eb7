// Style as Gatys has it: which features of a layer occur together, wherever in the picture.
#pragma once

#include <vggen/core/activation.hpp>

#include <span>
#include <vector>

/// The Gram matrix [channel, channel] of features: for each two channels the mean over all pixels of their
/// product.
std::vector<float> gram_matrix(const vggen::activation_view &features);

/// Adds to gradient [y][x][c] that of share * |gram - wanted|² / |wanted|² with respect to the features, of
/// which gram is the Gram matrix. Returns that loss.
double add_style_gradient(const vggen::activation_view &features, std::span<const float> gram,
                          std::span<const float> wanted, double share, std::span<float> gradient);
