using System.Net;
using System.Text;
using Statecast.Conformance.Registry;
using Statecast.Contracts;
using Statecast.Hosting;
using Statecast.Serialization.Avro.Registry;
using Statecast.Serialization.Avro.Registry.Http;
using Xunit;

namespace Statecast.Tests.Serialization.Avro.Registry;

/// <summary>How a service authenticates itself at a registry, and that nothing of it is ever told.</summary>
public sealed class HttpRegistrySecretTests : IAsyncDisposable
{
    private const string Secret = "s3cr3t@/:word";

    private readonly StandInRegistry _server = StandInRegistry.Start();
    private readonly int _id;

    public HttpRegistrySecretTests() => _id = _server.Put("a-value", StateContract.Of<First.Parcel>().AvroSchema);

    [Fact]
    public async Task User_is_taken_from_the_options_or_the_address()
    {
        var basic = $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"us er:{Secret}"))}";
        await Ask(
            new()
            {
                Urls = { _server.Url },
                User = "us er",
                Password = Secret,
            }
        );
        await Ask(new() { Urls = { $"http://us%20er:{Uri.EscapeDataString(Secret)}@127.0.0.1:{_server.Port}" } });
        Assert.Equal([basic, basic], _server.Authorizations);
    }

    [Fact]
    public async Task Token_is_asked_for_at_each_request()
    {
        var given = 0;
        var options = new SchemaRegistryOptions { Urls = { _server.Url } }.UseBearerToken(_ => new($"token-{++given}"));
        using var registry = Registry(options);
        await registry.FindAsync(SchemaId.Of(_id), default);
        await registry.FindAsync(SchemaId.Of(_id), default);
        await Ask(new() { Urls = { _server.Url }, BearerToken = "fixed" });
        Assert.Equal(["Bearer token-1", "Bearer token-2", "Bearer fixed"], _server.Authorizations);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("s3cr3t\r\nX-Evil: 1")]
    [InlineData("s3cr3t ")]
    public async Task Token_that_is_none_is_not_sent(string token)
    {
        var options = new SchemaRegistryOptions { Urls = { _server.Url } }.UseBearerToken(_ => new(token));
        var failure = await Assert.ThrowsAsync<SchemaRegistryException>(() => Ask(options));
        Assert.Equal(SchemaRegistryFault.Denied, failure.Fault);
        Assert.DoesNotContain("s3cr3t", failure.ToString(), StringComparison.Ordinal);
        Assert.Empty(_server.Asked);
    }

    [Fact]
    public async Task Token_that_cannot_be_had_is_told_without_its_words()
    {
        var options = new SchemaRegistryOptions { Urls = { _server.Url } }.UseBearerToken(_ => throw new InvalidOperationException(Secret));
        var failure = await Assert.ThrowsAsync<SchemaRegistryException>(() => Ask(options));
        Assert.Contains("threw InvalidOperationException", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_failure_tells_a_secret()
    {
        var told = new StringBuilder();
        foreach (var status in new[] { 200, 301, 400, 401, 403, 404, 409, 422, 500 })
        foreach (
            var options in new SchemaRegistryOptions[]
            {
                new()
                {
                    User = "user",
                    Password = Secret,
                    Urls = { _server.Url },
                },
                new() { Urls = { $"http://user:{Uri.EscapeDataString(Secret)}@127.0.0.1:{_server.Port}" } },
                new() { BearerToken = "s3cr3t", Urls = { _server.Url } },
            }
        )
        {
            options.Patience = TimeSpan.Zero;
            _server.Next(status, "{\"what\":1}");
            told.Append(await Assert.ThrowsAsync<SchemaRegistryException>(() => Ask(options)));
        }
        await _server.DownAsync();
        var gone = new SchemaRegistryOptions
        {
            Urls = { $"http://user:{Uri.EscapeDataString(Secret)}@127.0.0.1:{_server.Port}" },
            Patience = TimeSpan.Zero,
        };
        using (var registry = Registry(gone))
            told.Append(registry.Name);
        told.Append(await Assert.ThrowsAsync<SchemaRegistryException>(() => Ask(gone)));
        told.Append(gone)
            .Append(
                new SchemaRegistryOptions
                {
                    User = "a",
                    Password = Secret,
                    Urls = { "ftp://a:s3cr3t@b" },
                }.FindProblem()
            );
        Assert.DoesNotContain("s3cr3t", told.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes($"user:{Secret}")), told.ToString(), StringComparison.Ordinal);
        Assert.Contains("127.0.0.1", told.ToString(), StringComparison.Ordinal);
        _server.Up();
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static HttpSchemaRegistry Registry(SchemaRegistryOptions options) => new(options, TimeProvider.System, SystemEntropy.Instance);

    private async Task Ask(SchemaRegistryOptions options)
    {
        using var registry = Registry(options);
        Assert.NotNull(await registry.FindAsync(SchemaId.Of(_id), default));
    }
}
