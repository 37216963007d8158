using Xunit;

namespace Statecast.Codecs.Tests.Fuzz;

/// <summary>Malformed inputs for every decoder of states, patches and schemas, each in a child process with a memory cap; and faults that are planted to be found.</summary>
public sealed class FuzzTests
{
    [Theory]
    [InlineData("avro")]
    [InlineData("avro-resolved")]
    [InlineData("json")]
    [InlineData("avro-patch")]
    [InlineData("json-patch")]
    [InlineData("schema")]
    [InlineData("json-schema")]
    [InlineData("avro-field")]
    [InlineData("json-field")]
    public Task Decoder_takes_or_refuses_any_input_within_its_bounds(string decoder) => FuzzChild.RequireSoundAsync(decoder);

    [Theory]
    [InlineData("allocation", "B were allocated")]
    [InlineData("hang", "no answer within")]
    [InlineData("exception", "IndexOutOfRangeException: planted")]
    [InlineData("no-place", "it was refused at")]
    [InlineData("memory", "OutOfMemoryException")]
    [InlineData("stack", null)]
    public async Task Planted_fault_is_found(string fault, string? says)
    {
        var (code, output) = await FuzzChild.RunAsync("avro", 100_000, fault);
        // A stack that overflows ends the process: nobody can tell of it but its parent.
        Assert.True(code != 0, output);
        if (says is not null)
            Assert.Contains(says, output, StringComparison.Ordinal);
    }
}
