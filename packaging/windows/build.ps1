# Build Causette for Windows: a folder that runs without Python, and a zip of it.
#
#     powershell -ExecutionPolicy Bypass -File packaging\windows\build.ps1
#
# Wants Python 3.11 or newer with tcl/tk (python.org's installer has it). Everything is made below
# build\ and dist\; what is bundled are the locked versions, by their hashes. docs/installing.md tells
# what Windows says of programs that nobody has signed.
param(
    [string]$Python = "python"
)
$ErrorActionPreference = "Stop"
$root = (Resolve-Path (Join-Path $PSScriptRoot "..\..")).Path
$made = Join-Path $root "build\windows"
$dist = Join-Path $root "dist"

function Invoke-Checked {
    param([string]$Program, [string[]]$Words)
    & $Program @Words
    if ($LASTEXITCODE -ne 0) {
        throw "$Program $Words ended with $LASTEXITCODE"
    }
}

Invoke-Checked $Python @("-c", "import sys, tkinter; sys.exit(sys.version_info < (3, 11))")
Invoke-Checked $Python @("-m", "venv", "--clear", (Join-Path $made "env"))
$own = Join-Path $made "env\Scripts\python.exe"
$pip = @("-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary", ":all:", "-r")
Invoke-Checked $own ($pip + (Join-Path $root "requirements\run.txt"))
Invoke-Checked $own ($pip + (Join-Path $root "packaging\windows\requirements.txt"))

Invoke-Checked $own @(
    "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN",
    "--distpath", $dist, "--workpath", (Join-Path $made "work"),
    (Join-Path $root "packaging\windows\causette.spec")
)

# What was built must at least start, from where it is.
$folder = Join-Path $dist "Causette"
$said = & (Join-Path $folder "causette-cli.exe") --version
if ($LASTEXITCODE -ne 0) {
    throw "the program that was built does not start"
}
$version = $said.Split(" ")[-1]
$zip = Join-Path $dist "Causette-$version-windows.zip"
Compress-Archive -Force -Path $folder -DestinationPath $zip
$sum = (Get-FileHash -Algorithm SHA256 $zip).Hash.ToLower()
Write-Output "$sum  $zip"
