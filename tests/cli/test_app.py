import subprocess
import sys
from pathlib import Path

import corral as package
from tests.cli.program import corral


def test_version_by_module_and_by_script(tmp_path: Path) -> None:
    wanted = f"corral {package.__version__}\n"
    script = Path(sys.executable).with_name("corral")
    assert corral("version", folder=tmp_path).stdout == wanted
    assert subprocess.run([script, "version"], capture_output=True, text=True, check=True).stdout == wanted


def test_help_names_every_command(tmp_path: Path) -> None:
    done = corral("--help", folder=tmp_path)
    assert all(word in done.stdout for word in ("serve", "config", "version"))


def test_version_does_not_import_the_server() -> None:
    script = "import sys; import corral.cli.app; print({'asyncio', 'uvloop', 'structlog'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_an_unknown_flag_is_refused(tmp_path: Path) -> None:
    assert corral("serve", "--prot", "1", folder=tmp_path).returncode == 2
