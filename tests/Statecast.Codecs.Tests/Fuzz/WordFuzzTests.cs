using Xunit;

namespace Statecast.Codecs.Tests.Fuzz;

/// <summary>Malformed inputs for what else is read of bytes from outside: envelopes, framings, keys, and the words of sources and targets. Beside the others, on the second core.</summary>
public sealed class WordFuzzTests
{
    [Theory]
    [InlineData("avro-framing")]
    [InlineData("cloud-event")]
    [InlineData("structured-event")]
    [InlineData("heartbeat")]
    [InlineData("state-request")]
    [InlineData("range-mark")]
    [InlineData("rabbit-marker")]
    [InlineData("key")]
    public Task Word_is_taken_or_refused_within_its_bounds(string decoder) => FuzzChild.RequireSoundAsync(decoder);
}
