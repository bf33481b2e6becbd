"""`ringfence run` and the HTTP clients that the SDKs of other languages stand on, each as it comes and told nothing.

What is not installed is skipped. What the SDKs themselves did is told, with the date, in docs/howto/run-unchanged.md.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ACCOUNT, TOKEN = "AC" + "7" * 32, "the-token-that-the-program-presents"

RUBY = """
require "net/http"
uri = URI("https://api.twilio.com/2010-04-01/Accounts/#{ENV["ACCOUNT"]}/Messages.json")
request = Net::HTTP::Post.new(uri)
request.basic_auth ENV["ACCOUNT"], ENV["TOKEN"]
request.set_form_data("From" => ENV["SENDER"], "To" => "+12025550177", "Body" => "stock")
answer = Net::HTTP.start(uri.host, uri.port, use_ssl: true) { |http| http.request(request) }
puts answer.code
"""

FARADAY = """
require "faraday"
connection = Faraday.new(url: "https://api.twilio.com", ssl: { verify: true }) do |f|
  f.request :url_encoded
  f.adapter Faraday.default_adapter
end
connection.headers["Authorization"] = "Basic " + ["#{ENV["ACCOUNT"]}:#{ENV["TOKEN"]}"].pack("m0")
form = { "From" => ENV["SENDER"], "To" => "+12025550177", "Body" => "stock" }
puts connection.post("/2010-04-01/Accounts/#{ENV["ACCOUNT"]}/Messages.json", form).status
"""

PHP = """<?php
$account = getenv("ACCOUNT");
$curl = curl_init("https://api.twilio.com/2010-04-01/Accounts/$account/Messages.json");
curl_setopt_array($curl, [
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_HTTPAUTH => CURLAUTH_BASIC,
    CURLOPT_USERPWD => "$account:" . getenv("TOKEN"),
    CURLOPT_POSTFIELDS => http_build_query(["From" => getenv("SENDER"), "To" => "+12025550177", "Body" => "stock"]),
]);
curl_exec($curl);
echo curl_getinfo($curl, CURLINFO_RESPONSE_CODE), curl_error($curl), "\\n";
"""

GO = """package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
)

func main() {
	form := url.Values{"From": {os.Getenv("SENDER")}, "To": {"+12025550177"}, "Body": {"stock"}}
	address := "https://api.twilio.com/2010-04-01/Accounts/" + os.Getenv("ACCOUNT") + "/Messages.json"
	request, _ := http.NewRequest("POST", address, strings.NewReader(form.Encode()))
	request.SetBasicAuth(os.Getenv("ACCOUNT"), os.Getenv("TOKEN"))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := (&http.Client{}).Do(request)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(answer.StatusCode)
}
"""


def needs(program: str, *look: str) -> None:
    """Skip where a language, or what a program of it needs, is not installed."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    if look and subprocess.run([program, *look], capture_output=True, timeout=30, check=False).returncode:
        pytest.skip(f"{program} {' '.join(look)} fails: not installed")


@pytest.fixture
def run(installation: Any, tmp_path: Path) -> Any:
    """A program under `ringfence run`, which finds the installation by itself; its standard output."""

    def begin(*command: str, sender: str) -> str:
        own = {"ACCOUNT": ACCOUNT, "TOKEN": TOKEN, "SENDER": sender, "TERM": "dumb", "HOME": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-m", "ringfence", "run", "--", *command],
            cwd=tmp_path,
            env=installation.environment | own,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return begin


def test_ruby(run: Any) -> None:
    needs("ruby")
    assert run("ruby", "-e", RUBY, sender="+14155550701") == "201\n"


def test_rubys_faraday(run: Any) -> None:
    needs("ruby", "-e", "require 'faraday'")
    assert run("ruby", "-e", FARADAY, sender="+14155550702") == "201\n"


def test_php(run: Any, tmp_path: Path) -> None:
    needs("php", "-r", "exit(extension_loaded('curl') ? 0 : 1);")
    (tmp_path / "stock.php").write_text(PHP)
    assert run("php", "stock.php", sender="+14155550703") == "201\n"


def test_go(run: Any, tmp_path: Path) -> None:
    needs("go")
    (tmp_path / "stock.go").write_text(GO)
    cache = {"GOCACHE": str(Path(os.environ.get("XDG_CACHE_HOME", "/var/tmp")) / "ringfence-go"), "HOME": str(tmp_path)}
    build = ["go", "build", "-o", "stock", "stock.go"]
    subprocess.run(build, cwd=tmp_path, env=os.environ | cache, check=True, capture_output=True, timeout=300)
    assert run("./stock", sender="+14155550704") == "201\n"
