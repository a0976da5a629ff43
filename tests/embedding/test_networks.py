"""The networks that are trained here: their shapes, their sizes, and what the paper says of them."""

import pytest
import torch

from facenet_app.embedding.networks import NETWORKS, build_network
from facenet_app.errors import ModelError


@pytest.mark.parametrize("name", NETWORKS)
def test_faces_become_vectors_of_the_usual_length(name: str) -> None:
    torch.manual_seed(0)
    network = build_network(name)
    with torch.inference_mode():
        embeddings = network(torch.randn(2, 3, 112, 112))
    assert embeddings.shape == (2, NETWORKS[name])
    assert torch.isfinite(embeddings).all()


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "sface"])
def test_another_dimension(name: str) -> None:
    network = build_network(name, 64)
    with torch.inference_mode():
        assert network(torch.randn(1, 3, 112, 112)).shape == (1, 64)


def test_sface_has_one_dimension() -> None:
    with pytest.raises(ModelError, match="128 dimensions, not 64"):
        build_network("sface", 64)


def test_an_unknown_network_is_refused_with_a_list() -> None:
    with pytest.raises(ModelError, match="choose one of sface, mobilefacenet"):
        build_network("alexnet")


def test_inception_before_normalization_is_the_same_but_for_the_length() -> None:
    torch.manual_seed(0)
    unit = build_network("inception_resnet_v1")
    raw = build_network("inception_resnet_v1", unit=False)
    raw.load_state_dict(unit.state_dict())
    faces = torch.randn(2, 3, 96, 96)
    with torch.inference_mode():
        before, after = raw(faces), unit(faces)
    assert not torch.allclose(before.norm(dim=1), torch.ones(2))
    torch.testing.assert_close(torch.nn.functional.normalize(before), after)


def test_mobilefacenet_has_the_size_and_maps_of_the_paper() -> None:
    network = build_network("mobilefacenet")
    assert round(sum(each.numel() for each in network.parameters()) / 1e6, 2) == 1.0  # "0.99M", table 3
    sides: list[int] = []
    for layer in (network.get_submodule("stem"), *network.get_submodule("bottlenecks").children()):
        layer.register_forward_hook(lambda *call: sides.append(call[2].shape[-1]))
    with torch.inference_mode():
        network(torch.zeros(1, 3, 112, 112))
    # Input sides of table 1's rows, of which repeated ones count once each.
    assert sides == [56, *[28] * 5, *[14] * 7, *[7] * 3]
