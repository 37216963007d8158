using System.Runtime.CompilerServices;
using Statecast.Contracts;
using Xunit;

namespace Statecast.Tests.Serialization;

/// <summary>Our bytes beside those of an independent implementation (<c>Golden/make-golden.py</c>).</summary>
public sealed class AvroGoldenTests
{
    [Fact]
    public void Schema_is_the_checked_in_one() => Assert.Equal(Golden("every-value.avsc"), StateContract.Of<EveryValue>().AvroSchema);

    [Fact]
    public void Body_equals_that_of_another_implementation() =>
        Assert.Equal(Golden("every-value.hex"), Convert.ToHexStringLower(Samples.Avro(StateContract.Of<EveryValue>(), Samples.Fixed)));

    private static string Golden(string name, [CallerFilePath] string caller = "") =>
        File.ReadAllText(Path.Combine(Path.GetDirectoryName(caller)!, "Golden", name)).TrimEnd();
}
