using Statecast.Contracts.Locks;
using Statecast.Integration.Tests.Packages;
using Xunit;

namespace Statecast.Integration.Tests.Samples;

/// <summary>The samples show how contracts are locked, so their locks are what their contracts are.</summary>
public sealed class SampleLockTests
{
    public static TheoryData<string, Type> Samples =>
        new()
        {
            { "samples/Shop/Contracts", typeof(Shop.Contracts.OrderState) },
            { "samples/PackageCatalog/Contracts", typeof(PackageCatalog.Contracts.PackageState) },
            { "samples/Mediator/contracts", typeof(Store.StockState) },
        };

    [Theory, MemberData(nameof(Samples))]
    public void Locks_are_current(string folder, Type contract)
    {
        var locks = Path.Combine(PackedFeed.Root, folder);
        if (Environment.GetEnvironmentVariable("STATECAST_APPROVE") == "1")
            ContractLock.Update(locks, contract.Assembly);
        // In a copy: a test that repaired what it looks at would never fail.
        var copy = Directory.CreateTempSubdirectory("statecast-sample-locks-").FullName;
        foreach (var file in Directory.EnumerateFiles(locks, "v*.*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(copy, Path.GetRelativePath(locks, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }
        Assert.NotEmpty(Directory.EnumerateFiles(copy, "*.avsc", SearchOption.AllDirectories));
        var update = ContractLock.Update(copy, contract.Assembly);
        Directory.Delete(copy, recursive: true);
        Assert.True(
            update.IsCurrent,
            $"{folder}: {update}\nRun this test with STATECAST_APPROVE=1, built with -p:StatecastUpdateLocks=true, and commit what it writes."
        );
    }
}
