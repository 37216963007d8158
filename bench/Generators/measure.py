#!/usr/bin/env python3
"""How long a build takes with the package's generator and analyzers, and without them: a project with many contracts, each with a lock.

    dotnet build -c Release src/Statecast && bench/Generators/measure.py [--contracts 200] [--rounds 7]

Makes four projects of the same sources in a temporary folder: one with what the package brings (generator, analyzers, code fixes, locks); one whose codecs
stand in files, as if written by hand, namely what the generator makes of the first; one with the library alone; and one with the library and the platform's own
JSON generator for the same records (JSON alone, the hierarchy's cases left out), which is what a team has without us. Writes the locks by ContractLock.Update,
and builds each from scratch in turn, restored before and by compilers that run already. Prints one JSON object: medians in seconds, and how much more the
first takes than each of the others: than the second for generating and analysing, than the third for compiling 1,200 lines a contract as well.
A processor that does something else meanwhile makes the differences too large.
"""
import argparse, json, os, pathlib, shutil, statistics, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = ROOT / "src"

PROJECT = """<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <Nullable>enable</Nullable>
    <ImplicitUsings>enable</ImplicitUsings>
    <AssemblyName>Many</AssemblyName>
  </PropertyGroup>
  <ItemGroup>
    <Compile Include="../sources/*.cs" />{codecs}
    <Reference Include="{bin}/Statecast/bin/Release/net10.0/Statecast.dll" />
  </ItemGroup>
{package}</Project>
"""

PACKAGE = """  <ItemGroup>
    <Analyzer Include="{bin}/Statecast.Generators/bin/Release/netstandard2.0/Statecast.Generators.dll" />
    <Analyzer Include="{bin}/Statecast.CodeFixes/bin/Release/netstandard2.0/Statecast.CodeFixes.dll" />
  </ItemGroup>
  <Import Project="{bin}/Statecast/Statecast.targets" />
"""

# Without the generator the records have no contract: what asks for one is for the other project only.
PROGRAM = """#if LOCK
Console.WriteLine(Statecast.Contracts.Locks.ContractLock.Update("contracts", typeof(Program).Assembly));
#else
Console.WriteLine("built");
#endif
"""

PLATFORM = """using System.Text.Json.Serialization;

namespace Many;

{types}
internal sealed partial class PlatformJson : JsonSerializerContext;
"""

CONTRACT = """using System.Collections.Immutable;
using Statecast.Contracts;

namespace Many.Part{n};

[StateContract("many.part{n}")]
public sealed partial record Order{n}State(
    [StateKey] Guid Id,
    string Customer,
    Status{n} Status,
    DateTimeOffset At,
    [Decimal(12, 2)] decimal Total,
    ImmutableArray<Line{n}> Lines,
    ImmutableDictionary<string, string> Labels,
    ImmutableHashSet<string> Tags,
    Address{n}? Delivery,
    Payment{n} Payment,
    int Count = 0,
    string? Note = null
);

public sealed record Line{n}(string Sku, [Decimal(12, 2)] decimal Price, int Quantity = 1);

public sealed record Address{n}(string Street, string City, string? Country, double Latitude, double Longitude);

public enum Status{n}
{{
    [EnumDefault]
    Unknown,
    Placed,
    Paid,
    Shipped,
}}

[StateCase<Card{n}>("card")]
[StateCase<Transfer{n}>("transfer")]
public abstract record Payment{n};

public sealed record Card{n}(string Last4, DateOnly Until) : Payment{n};

public sealed record Transfer{n}(string Account, TimeSpan Within) : Payment{n};
"""


def dotnet(folder, *arguments):
    ended = subprocess.run(["dotnet", *arguments], cwd=folder, capture_output=True, text=True)
    if ended.returncode:
        sys.exit(f"dotnet {' '.join(arguments)} failed in {folder}:\n{ended.stdout}{ended.stderr}")


def build(folder, *more):
    began = time.monotonic()
    dotnet(folder, "build", "-c", "Release", "--no-restore", "--no-incremental", "-v", "q", "--nologo", *more)
    return time.monotonic() - began


parser = argparse.ArgumentParser()
parser.add_argument("--contracts", type=int, default=200)
parser.add_argument("--rounds", type=int, default=7)
parser.add_argument("--minors", type=int, default=1, help="locks a contract has: what it was before is compared too")
asked = parser.parse_args()
folder = pathlib.Path(tempfile.mkdtemp(prefix="statecast-generators"))
try:
    for name in ("sources", "with", "written", "without", "platform"):
        (folder / name).mkdir()
    (folder / "Directory.Build.props").write_text("<Project />")
    (folder / "sources" / "Program.cs").write_text(PROGRAM)
    for n in range(asked.contracts):
        (folder / "sources" / f"Order{n}State.cs").write_text(CONTRACT.format(n=n))
    codecs = '\n    <Compile Include="../codecs/**/*.cs" />'
    types = "\n".join(f"[JsonSerializable(typeof(Part{n}.Order{n}State))]" for n in range(asked.contracts))
    (folder / "platform" / "PlatformJson.cs").write_text(PLATFORM.format(types=types))
    for name, package, more in (
        ("with", PACKAGE.format(bin=BIN), ""),
        ("written", "", codecs),
        ("without", "", ""),
        ("platform", "", ""),
    ):
        (folder / name / f"{name}.csproj").write_text(PROJECT.format(bin=BIN, package=package, codecs=more))
        dotnet(folder / name, "restore", "-v", "q")
    dotnet(folder / "with", "run", "-c", "Release", "-p:DefineConstants=LOCK", "-p:StatecastUpdateLocks=true")
    locks = len(list((folder / "with" / "contracts").glob("*/v1.0.avsc")))
    if locks != asked.contracts:
        sys.exit(f"{locks} contracts have a lock, of {asked.contracts}.")
    for lock in (folder / "with" / "contracts").glob("*/v1.0.*"):
        for minor in range(1, asked.minors):
            shutil.copy(lock, lock.with_name(lock.name.replace("v1.0", f"v1.{minor}")))
    build(folder / "with", "-p:EmitCompilerGeneratedFiles=true", f"-p:CompilerGeneratedFilesOutputPath={folder / 'codecs'}")
    rounds = {"with": [], "written": [], "without": [], "platform": []}
    # The first is to warm up.
    for i in range(asked.rounds + 1):
        for name in rounds:
            took = build(folder / name)
            if i > 0:
                rounds[name].append(took)
    medians = {name: statistics.median(times) for name, times in rounds.items()}
    print(json.dumps({
        "suite": "generators", "contracts": asked.contracts, "minors": asked.minors, "rounds": asked.rounds, "load": round(os.getloadavg()[0], 2),
        **{f"{name}_s": round(took, 2) for name, took in medians.items()},
        "more_than_written_s": round(medians["with"] - medians["written"], 2),
        "more_than_without_s": round(medians["with"] - medians["without"], 2),
        "more_than_platform_s": round(medians["with"] - medians["platform"], 2),
        "rounds_s": {name: [round(t, 2) for t in times] for name, times in rounds.items()},
    }))
finally:
    shutil.rmtree(folder)
