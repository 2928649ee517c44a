"""`download=True`: whole or not there, resumed, checked; and what is said where there is no network.

A web server on 127.0.0.1 stands for the network.
"""
import hashlib
import http.server
import sys
import threading
import urllib.error

import pytest

from tests.data_loading.archives import cifar10_files, write_mnist, write_tar
from tinygrad_cnn.data import CIFAR10, MNIST
from tinygrad_cnn.data.download import Source, fetch
from tinygrad_cnn.errors import DataError

CONTENT = bytes(range(256)) * 2000


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves the server's `files`; knows ranges if `ranges`, breaks off after `limit` bytes."""

    def do_GET(self):
        server = self.server
        content = server.files.get(self.path.lstrip("/"))
        asked = self.headers.get("Range")
        server.asked.append(asked)
        if content is None:
            self.send_error(404)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and server.ranges else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start:][:server.limit])

    def log_message(self, *args):
        """Says nothing."""


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as found:
        found.files, found.ranges, found.limit, found.asked = {"set.bin": CONTENT}, True, None, []
        thread = threading.Thread(target=found.serve_forever, args=(0.01,))
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def source(server, content=CONTENT, name="set.bin"):
    return Source(f"http://127.0.0.1:{server.server_port}/{name}", hashlib.md5(content).hexdigest(), len(content))


def test_a_file_is_fetched_whole_and_nothing_else_is_left(server, tmp_path):
    seen = []
    path = fetch(source(server), tmp_path / "new", report=lambda done, size: seen.append((done, size)))
    assert path.read_bytes() == CONTENT and [p.name for p in path.parent.iterdir()] == ["set.bin"]
    assert seen[-1] == (len(CONTENT), len(CONTENT)) and seen == sorted(seen)


@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_is_told_how_far_it_is_and_a_file_nothing(terminal, server, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    fetch(source(server), tmp_path)
    shown = capsys.readouterr().err
    assert (shown.endswith("\rset.bin: 100 % of 0.5 MB\n") and shown.count("\r") > 5) if terminal else shown == ""


def test_a_file_that_is_there_and_whole_is_not_fetched_again(server, tmp_path):
    (tmp_path / "set.bin").write_bytes(CONTENT)
    fetch(source(server), tmp_path)
    assert server.asked == []


@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "no ranges"])
def test_a_download_that_was_broken_off_goes_on_or_begins_again(server, ranges, tmp_path):
    server.ranges, server.limit = ranges, 100_000
    with pytest.raises(DataError, match=r"cannot be fetched.*100000 bytes that came are kept"):
        fetch(source(server), tmp_path)
    assert not (tmp_path / "set.bin").exists()
    server.limit = None
    assert fetch(source(server), tmp_path).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=100000-"]


def test_a_part_that_is_complete_needs_no_network(server, tmp_path):
    (tmp_path / "set.bin.part").write_bytes(CONTENT)
    assert fetch(source(server), tmp_path).read_bytes() == CONTENT
    assert server.asked == []


def test_a_part_that_is_too_long_is_thrown_away(server, tmp_path):
    (tmp_path / "set.bin.part").write_bytes(CONTENT + b"more")
    assert fetch(source(server), tmp_path).read_bytes() == CONTENT


def test_other_content_is_refused_and_removed(server, tmp_path):
    wanted = source(server)
    server.files["set.bin"] = CONTENT[::-1]
    with pytest.raises(DataError, match=f"another checksum than MD5 {wanted.md5}"):
        fetch(wanted, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_never_ends_is_read_to_the_known_size_only(server, tmp_path):
    wanted = source(server)
    server.files["set.bin"] = CONTENT * 50
    assert fetch(wanted, tmp_path).stat().st_size == len(CONTENT)


@pytest.mark.parametrize("failure", [urllib.error.URLError("no route to host"), TimeoutError("timed out"),
                                     ConnectionResetError("reset")], ids=["no network", "timeout", "reset"])
def test_without_a_network_the_message_says_what_to_fetch_by_hand_and_where_to_put_it(failure, tmp_path):
    def opener(request, timeout):
        raise failure

    wanted = Source("https://example.org/set.bin", "0" * 32, 12)
    with pytest.raises(DataError) as caught:
        fetch(wanted, tmp_path, opener)
    text = str(caught.value)
    assert "https://example.org/set.bin cannot be fetched" in text and str(failure.args[0]) in text
    assert str(tmp_path) in text and "12 bytes" in text and "0" * 32 in text


def test_a_missing_page_is_such_a_failure(server, tmp_path):
    with pytest.raises(DataError, match="404"):
        fetch(source(server, name="elsewhere.bin"), tmp_path)


def test_cifar10_downloads_its_archive_and_reads_it(server, tmp_path, monkeypatch):
    files, train, _ = cifar10_files("bin")
    write_tar(tmp_path / "made.tar.gz", "cifar-10-batches-bin", files)
    content = (tmp_path / "made.tar.gz").read_bytes()
    server.files["cifar-10-binary.tar.gz"] = content
    monkeypatch.setattr(CIFAR10, "_source", source(server, content, "cifar-10-binary.tar.gz"))
    assert len(CIFAR10(tmp_path / "root", download=True)) == len(train[0])
    assert len(CIFAR10(tmp_path / "root", download=True)) == len(train[0])
    assert len(server.asked) == 1


def test_mnist_downloads_the_two_files_it_needs(server, tmp_path, monkeypatch):
    write_mnist(tmp_path / "made")
    made = {path.name: path.read_bytes() for path in (tmp_path / "made").iterdir()}
    server.files.update(made)
    monkeypatch.setattr(MNIST, "_sources", {name.removesuffix(".gz"): source(server, content, name)
                                            for name, content in made.items()})
    assert len(MNIST(tmp_path / "root", train=False, download=True)) == 3
    assert sorted(path.name for path in (tmp_path / "root/MNIST/raw").iterdir()) == [
        "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"]
