using System.Reflection;
using System.Reflection.Emit;
using Statecast.Contracts;
using Statecast.Contracts.Locks;
using Statecast.Serialization.Avro.Schemas;
using Statecast.Serialization.Compatibility;
using Statecast.Serialization.Json.Schema;
using Xunit;

namespace Statecast.Tests.Contracts.Locks;

public sealed class ContractLockTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("statecast-locks-").FullName;

    private static StateContract First => StateContract.Of<Lockable.First.Parcel>();
    private static StateContract Wider => StateContract.Of<Lockable.Wider.Parcel>();
    private static StateContract Broken => StateContract.Of<Lockable.Broken.Parcel>();
    private static StateContract Second => StateContract.Of<Lockable.Second.Parcel>();

    private string Contract => Path.Combine(_folder, "tests.parcel");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void First_lock_holds_both_schemas_as_they_are()
    {
        var update = ContractLock.Update(_folder, First);
        Assert.Equal(
            [("tests.parcel", new ContractVersion(1, 0)), ("tests.parcel", new ContractVersion(1, 0))],
            update.Written.Select(f => (f.Contract, f.Version))
        );
        Assert.Equal([Path.Combine(Contract, "v1.0.avsc"), Path.Combine(Contract, "v1.0.schema.json")], update.Written.Select(f => f.Path));
        Assert.Equal(AvroSchema.Parse(First.AvroSchema).ToJson(), AvroSchema.Parse(Read("v1.0.avsc")).ToJson());
        Assert.Equal(First.JsonSchema, JsonStateSchema.Parse(Read("v1.0.schema.json")).ToString());
        Assert.Contains(Path.Combine(Contract, "v1.0.avsc"), update.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Contract_that_did_not_change_writes_nothing()
    {
        ContractLock.Update(_folder, First);
        var before = Snapshot();
        var update = ContractLock.Update(_folder, First);
        Assert.True(update.IsCurrent);
        Assert.Equal("All contracts are as they are locked.", update.ToString());
        Assert.Equal(before, Snapshot());
    }

    [Fact]
    public void Text_is_the_same_wherever_it_is_written()
    {
        ContractLock.Update(_folder, First);
        var other = Directory.CreateTempSubdirectory("statecast-locks-").FullName;
        ContractLock.Update(other, First);
        Assert.Equal(Read("v1.0.schema.json"), File.ReadAllText(Path.Combine(other, "tests.parcel", "v1.0.schema.json")));
        Assert.DoesNotContain("\r", Read("v1.0.avsc"), StringComparison.Ordinal);
        Assert.EndsWith("}\n", Read("v1.0.avsc"), StringComparison.Ordinal);
        Directory.Delete(other, recursive: true);
    }

    [Fact]
    public void Additive_change_gets_the_next_minor_and_keeps_the_last()
    {
        ContractLock.Update(_folder, First);
        var before = Read("v1.0.avsc");
        var update = ContractLock.Update(_folder, Wider);
        Assert.All(update.Written, f => Assert.Equal(new(1, 1), f.Version));
        Assert.Equal(2, update.Written.Count);
        Assert.Equal(before, Read("v1.0.avsc"));
        // 'grams' is wider: earlier targets have to be upgraded first.
        Assert.Contains("grams", Assert.Single(update.Written[0].Notes), StringComparison.Ordinal);
        Assert.True(ContractLock.Update(_folder, Wider).IsCurrent);
    }

    [Fact]
    public void Break_is_refused_with_the_explanation_and_writes_nothing()
    {
        ContractLock.Update(_folder, First);
        var before = Snapshot();
        var refused = Assert.Throws<ContractBreakException>(() =>
            ContractLock.Update(_folder, Broken, StateContract.Of<Serialization.TextKey>())
        );
        Assert.Contains("'tests.parcel' breaks", refused.Message, StringComparison.Ordinal);
        Assert.Contains("grams (v1.0): int is written where string is read", refused.Message, StringComparison.Ordinal);
        Assert.Contains("[StateContract(\"tests.parcel\", Version = 2)]", refused.Message, StringComparison.Ordinal);
        // Neither the broken one nor the one beside it.
        Assert.Equal(before, Snapshot());
    }

    [Fact]
    public void New_major_is_locked_beside_the_old_one()
    {
        ContractLock.Update(_folder, First);
        var update = ContractLock.Update(_folder, First, Second);
        Assert.Equal(new ContractVersion(2, 0), Assert.Single(update.Written.Select(f => f.Version).Distinct()));
        Assert.True(ContractLock.Update(_folder, First, Second).IsCurrent);
    }

    [Fact]
    public void Mode_decides_whether_earlier_targets_must_go_on()
    {
        ContractLock.Update(_folder, First);
        Assert.Throws<ContractBreakException>(() => ContractLock.Update(_folder, CompatibilityMode.FullTransitive, Wider));
        Assert.False(ContractLock.Update(_folder, CompatibilityMode.BackwardTransitive, Wider).IsCurrent);
    }

    [Fact]
    public void Contract_as_its_newest_lock_that_breaks_an_older_one_is_refused()
    {
        ContractLock.Update(_folder, First);
        // By hand, or by a merge: what the update itself would have refused.
        var other = Directory.CreateTempSubdirectory("statecast-locks-").FullName;
        foreach (var lockFile in ContractLock.Update(other, Broken).Written)
            File.Copy(
                lockFile.Path,
                Path.Combine(Contract, Path.GetFileName(lockFile.Path).Replace("v1.0", "v1.1", StringComparison.Ordinal))
            );
        Directory.Delete(other, recursive: true);
        var before = Snapshot();
        var refused = Assert.Throws<ContractBreakException>(() => ContractLock.Update(_folder, Broken));
        Assert.Contains("grams (v1.0): int is written where string is read", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, Snapshot());
    }

    [Fact]
    public void Lock_written_under_a_weaker_mode_is_refused_under_the_stronger()
    {
        ContractLock.Update(_folder, First);
        ContractLock.Update(_folder, CompatibilityMode.BackwardTransitive, Wider);
        var refused = Assert.Throws<ContractBreakException>(() => ContractLock.Update(_folder, CompatibilityMode.FullTransitive, Wider));
        Assert.Contains("(FullTransitive)", refused.Message, StringComparison.Ordinal);
        Assert.Contains("grams (v1.0)", refused.Message, StringComparison.Ordinal);
    }

    // As the package's targets leave it in an assembly.
    [Theory]
    [InlineData("fulltransitive", CompatibilityMode.FullTransitive)]
    [InlineData("Forward", CompatibilityMode.Forward)]
    [InlineData(null, CompatibilityMode.BackwardTransitive)]
    public void Mode_is_that_of_the_contracts_project(string? property, CompatibilityMode mode)
    {
        var assembly = AssemblyBuilder.DefineDynamicAssembly(new("user"), AssemblyBuilderAccess.Run);
        var metadata = typeof(AssemblyMetadataAttribute).GetConstructor([typeof(string), typeof(string)])!;
        assembly.SetCustomAttribute(new(metadata, ["Other", "Forward"]));
        if (property is not null)
            assembly.SetCustomAttribute(new(metadata, ["StatecastCompatibility", property]));
        Assert.Equal(mode, ContractLockMode.Of(assembly));
    }

    [Fact]
    public void Layout_of_a_lock_is_no_change()
    {
        ContractLock.Update(_folder, First);
        File.WriteAllText(Path.Combine(Contract, "v1.0.avsc"), First.AvroSchema.Replace(",", " ,\r\n\t", StringComparison.Ordinal));
        Assert.True(ContractLock.Update(_folder, First).IsCurrent);
    }

    [Fact]
    public void Missing_JSON_Schema_is_named_and_not_made_up()
    {
        ContractLock.Update(_folder, First);
        File.Delete(Path.Combine(Contract, "v1.0.schema.json"));
        var defect = Assert.Throws<InvalidDataException>(() => ContractLock.Update(_folder, First));
        Assert.Contains("has no v1.0.schema.json beside it", defect.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Contract, "v1.0.schema.json")));
    }

    [Theory]
    [InlineData("{", "v1.0.avsc")]
    [InlineData("{\"type\":\"record\"}", "tests.parcel")]
    public void Lock_that_cannot_be_read_is_named(string text, string named)
    {
        ContractLock.Update(_folder, First);
        File.WriteAllText(Path.Combine(Contract, "v1.0.avsc"), text);
        var defect = Assert.Throws<InvalidDataException>(() => ContractLock.Update(_folder, First));
        Assert.Contains(named, defect.Message, StringComparison.Ordinal);
        Assert.Contains("version control", defect.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Minors_are_ordered_by_number()
    {
        ContractLock.Update(_folder, First);
        foreach (var minor in Enumerable.Range(1, 10))
        foreach (var half in (string[])[".avsc", ".schema.json"])
            File.Copy(Path.Combine(Contract, "v1.0" + half), Path.Combine(Contract, $"v1.{minor}{half}"));
        Assert.Equal(new ContractVersion(1, 11), ContractLock.Update(_folder, Wider).Written[0].Version);
    }

    [Fact]
    public void Contracts_of_an_assembly_are_found()
    {
        Assert.Contains(First, ContractLockAssembly.ContractsOf(typeof(ContractLockTests).Assembly));
        var refused = Assert.Throws<ArgumentException>(() => ContractLock.Update(_folder, typeof(StateContract).Assembly));
        Assert.Contains("has no contracts", refused.Message, StringComparison.Ordinal);
    }

    // This assembly holds contracts' shapes over time, which no application does: that they are refused shows that they were found.
    [Fact]
    public void Shapes_of_one_version_are_refused()
    {
        var refused = Assert.Throws<ArgumentException>(() => ContractLock.Update(_folder));
        Assert.Matches("'tests\\.[a-z-]+' version 1 is there [0-9] times", refused.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    private string Read(string file) => File.ReadAllText(Path.Combine(Contract, file));

    private List<(string, string, DateTime)> Snapshot() =>
        [
            .. Directory
                .EnumerateFiles(_folder, "*", SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal)
                .Select(f => (f, File.ReadAllText(f), File.GetLastWriteTimeUtc(f))),
        ];
}

#pragma warning disable STC1007 // one contract's shapes over time
internal static partial class Lockable
{
    public static partial class First
    {
        [StateContract("tests.parcel")]
        public sealed partial record Parcel([StateKey] Guid Id, int Grams);
    }

    public static partial class Wider
    {
        [StateContract("tests.parcel")]
        public sealed partial record Parcel([StateKey] Guid Id, long Grams, string? Note);
    }

    public static partial class Broken
    {
        [StateContract("tests.parcel")]
        public sealed partial record Parcel([StateKey] Guid Id, string Grams);
    }

    public static partial class Second
    {
        [StateContract("tests.parcel", Version = 2)]
        public sealed partial record Parcel([StateKey] Guid Id, string Grams);
    }
}
#pragma warning restore STC1007
