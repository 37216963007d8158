using System.Net;
using Statecast.Integration.Tests.Registry;
using Xunit;

[assembly: AssemblyFixture(typeof(RegistryFixture))]

namespace Statecast.Integration.Tests.Registry;

/// <summary>Tests on a real registry, one after another: they share subjects.</summary>
[CollectionDefinition(Name)]
public sealed class RegistryCollection
{
    public const string Name = "Registry";
}

/// <summary>
/// A real schema registry for the run: the one that <c>STATECAST_REGISTRY</c> names (its URL), else one that is started when it is first asked for. Without either
/// the tests are skipped, and say so.
/// </summary>
public sealed class RegistryFixture : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private RealRegistry? _started;

    /// <summary>Its URL, as a Confluent client is given it; skips the test if there is none to be had.</summary>
    public async Task<string> UrlAsync()
    {
        if (Environment.GetEnvironmentVariable("STATECAST_REGISTRY") is { Length: > 0 } named)
            return named;
        await _gate.WaitAsync();
        try
        {
            _started ??= await RealRegistry.StartAsync();
            return _started.Url;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Its URL as above, with nothing under these subjects: what another test registered there could not be followed by every schema.</summary>
    public async Task<string> EmptyAsync(params string[] subjects)
    {
        var url = await UrlAsync();
        using var http = new HttpClient();
        // Forgotten in two steps, as a registry wants it; of one that is not there it says so.
        foreach (var subject in subjects)
        foreach (var query in (string[])["", "?permanent=true"])
            using (var answer = await http.DeleteAsync(new Uri($"{url}/subjects/{Uri.EscapeDataString(subject)}{query}")))
                Assert.True(
                    answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.NotFound,
                    await answer.Content.ReadAsStringAsync()
                );
        return url;
    }

    public async ValueTask DisposeAsync()
    {
        if (_started is not null)
            await _started.DisposeAsync();
        _gate.Dispose();
    }
}
