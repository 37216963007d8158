using System.Net;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;
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
/// A real schema registry for the run: the one that <c>STATECAST_REGISTRY</c> names (its URL), else one that is started when it is first asked for, by the script in
/// <c>STATECAST_REGISTRY_HOME</c> or else in Docker. Without any the tests are skipped, and say so.
/// </summary>
public sealed class RegistryFixture : IAsyncDisposable
{
    private const string Image = "apicurio/apicurio-registry:3.0.9";
    private const ushort Port = 8080;
    private const string Api = "/apis/ccompat/v7";
    private readonly SemaphoreSlim _gate = new(1, 1);
    private RealRegistry? _started;
    private IContainer? _container;

    /// <summary>Its URL, as a Confluent client is given it; skips the test if there is none to be had.</summary>
    public async Task<string> UrlAsync()
    {
        if (Environment.GetEnvironmentVariable("STATECAST_REGISTRY") is { Length: > 0 } named)
            return named;
        await _gate.WaitAsync();
        try
        {
            if (RealRegistry.Obstacle is null)
                return (_started ??= await RealRegistry.StartAsync()).Url;
            _container ??= await StartContainerAsync();
            return $"http://{_container.Hostname}:{_container.GetMappedPublicPort(Port)}{Api}";
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
        if (_container is not null)
            await _container.DisposeAsync();
        _gate.Dispose();
    }

    private static async Task<IContainer> StartContainerAsync()
    {
        try
        {
            var container = new ContainerBuilder(Image)
                .WithPortBinding(Port, assignRandomHostPort: true)
                .WithWaitStrategy(Wait.ForUnixContainer().UntilHttpRequestIsSucceeded(r => r.ForPort(Port).ForPath($"{Api}/subjects")))
                .Build();
            await container.StartAsync();
            return container;
        }
        catch (DockerUnavailableException e)
        {
            Assert.Skip(
                $"STATECAST_REGISTRY names no registry, none can be started here, and Docker does not answer: {RealRegistry.Obstacle} {e.Message.Split('\n')[0]}"
            );
            throw;
        }
    }
}
