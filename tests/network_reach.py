"""How far a pixel of a network sees."""

import torch


def reach_of(network, inputs, places):
    """Pixels from the middle to the farthest that a change of it moves; it must move something.

    Args:
        network: (1, feature, y, x) → (1, output, y, x).
        inputs: of odd sides.
        places: the features that are changed.
    """
    middle = inputs.shape[-1] // 2
    changed = inputs.clone()
    changed[:, places, middle, middle] += 5
    with torch.inference_mode():
        moved = ((network(changed) - network(inputs)).abs().amax(dim=(0, 1)) > 0).nonzero()
    return int((moved - middle).abs().max())
