"""Azure OpenAI's two ways to be asked."""

import pytest
from asked import asked, sent

from guardian_ci.policy.upstreams import upstream_of
from guardian_ci.proxy.upstreams.azure import Azure

URL = "https://acme.openai.azure.com"


@pytest.mark.parametrize("url", [URL, f"{URL}/", f"{URL}/openai", f"{URL}/openai/v1/"])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/models"])
def test_without_a_version_the_v1_api_is_asked_however_its_address_is_written(url: str, path: str) -> None:
    assert sent(Azure(), asked(upstream_of("azure", url=url), path)).url == f"{URL}/openai{path}"


@pytest.mark.parametrize(
    ("path", "query", "url"),
    [
        ("/v1/chat/completions", "", "/openai/deployments/my%2Fdep/chat/completions?api-version=2024-10-21"),
        (
            "/v1/chat/completions",
            "api-version=2023-05-15&a=%2F",
            "/openai/deployments/my%2Fdep/chat/completions?a=%2F&api-version=2024-10-21",
        ),
        ("/v1/responses", "", "/openai/responses?api-version=2024-10-21"),
    ],
)
def test_with_a_version_a_chat_goes_to_its_deployment(path: str, query: str, url: str) -> None:
    upstream = upstream_of("azure", url=URL, api_version="2024-10-21")
    assert sent(Azure(), asked(upstream, path, query=query, model="my/dep")).url == URL + url


def test_the_version_of_an_azure_client_does_not_reach_the_other_api() -> None:
    call = asked(upstream_of("azure", url=URL), "/v1/chat/completions", query="api-version=2024-06-01")
    assert sent(Azure(), call).url == f"{URL}/openai/v1/chat/completions"
