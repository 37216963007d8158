using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using Statecast.RabbitMQ;

namespace Statecast.Integration.Tests.RabbitMQ;

/// <summary>A virtual host of one test, with the operator's view of it by the broker's management interface; removed afterwards.</summary>
internal sealed class RabbitPlace : IAsyncDisposable
{
    private readonly HttpClient _http;
    private readonly Uri _broker;

    private RabbitPlace(string broker, string management, string name)
    {
        _broker = new(broker);
        Name = name;
        _http = new() { BaseAddress = new($"{management}/api/"), Timeout = TimeSpan.FromSeconds(30) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(_broker.UserInfo)))
        );
    }

    public string Name { get; }

    /// <summary>The virtual host for the operator.</summary>
    public string Address => $"{_broker.Scheme}://{_broker.UserInfo}@{_broker.Host}:{_broker.Port}/{Name}";

    public static async Task<RabbitPlace> MakeAsync(string broker, string management)
    {
        var place = new RabbitPlace(broker, management, $"statecast-{Guid.NewGuid():n}");
        await place.PutAsync($"vhosts/{place.Name}", new { });
        var user = Uri.UnescapeDataString(place._broker.UserInfo.Split(':')[0]);
        await place.PutAsync($"permissions/{place.Name}/{Uri.EscapeDataString(user)}", new Rights(".*", ".*", ".*"));
        return place;
    }

    /// <summary>Options for this place, with short waits.</summary>
    public RabbitMQOptions Options(Action<RabbitMQOptions>? configure = null)
    {
        var options = new RabbitMQOptions
        {
            Uri = Address,
            TopologyLookInterval = TimeSpan.FromMilliseconds(300),
            DeliveryTimeout = TimeSpan.FromSeconds(10),
        };
        configure?.Invoke(options);
        return options;
    }

    /// <summary>A plain connection, as any program has one.</summary>
    public async Task<IConnection> ConnectAsync() => await new ConnectionFactory { Uri = new(Address) }.CreateConnectionAsync();

    /// <summary>A user who may do what matches.</summary>
    public async Task AddUserAsync(string user, string password, Rights rights)
    {
        await PutAsync($"users/{user}", new { password, tags = "" });
        await PutAsync($"permissions/{Name}/{user}", rights);
    }

    /// <summary>Ends all connections to this place, as an operator does.</summary>
    /// <param name="shown">Completes once the one that is meant was among them; null if any will do.</param>
    public async Task CloseConnectionsAsync(Task? shown = null)
    {
        // The list lags behind: a connection of just now may not be in it yet, and one that is gone may still be.
        var closed = 0;
        for (var tries = 0; tries < 200 && (closed == 0 || shown is { IsCompleted: false }); tries++)
        {
            foreach (var connection in (await GetAsync($"vhosts/{Name}/connections")).EnumerateArray())
            {
                var path = $"connections/{Uri.EscapeDataString(connection.GetProperty("name").GetString()!)}";
                using var answer = await _http.DeleteAsync(path);
                if (answer.StatusCode == HttpStatusCode.NotFound)
                    continue;
                answer.EnsureSuccessStatusCode();
                closed++;
            }
            await Task.Delay(closed > 0 && shown is null ? 0 : 50);
        }
    }

    public Task DeleteQueueAsync(string queue) => DeleteAsync($"queues/{Name}/{Uri.EscapeDataString(queue)}");

    public Task DeleteExchangeAsync(string exchange) => DeleteAsync($"exchanges/{Name}/{Uri.EscapeDataString(exchange)}");

    /// <summary>Bounds a queue as an operator does, by a policy.</summary>
    public Task LimitQueueAsync(string policy, string queue, int length) =>
        PutAsync(
            $"policies/{Name}/{policy}",
            new Dictionary<string, object>
            {
                ["pattern"] = $"^{queue.Replace(".", "\\.", StringComparison.Ordinal)}$",
                ["definition"] = new Dictionary<string, int> { ["max-length"] = length },
                ["apply-to"] = "queues",
            }
        );

    public Task UnlimitQueueAsync(string policy) => DeleteAsync($"policies/{Name}/{policy}");

    /// <summary>The queues' names.</summary>
    public async Task<List<string>> QueuesAsync() =>
        [.. (await GetAsync($"queues/{Name}")).EnumerateArray().Select(q => q.GetProperty("name").GetString()!)];

    /// <summary>A queue as the broker describes it.</summary>
    public Task<JsonElement> QueueAsync(string queue) => GetAsync($"queues/{Name}/{Uri.EscapeDataString(queue)}");

    /// <summary>How many messages of a queue are ready.</summary>
    public async Task<uint> CountAsync(string queue)
    {
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        return await channel.MessageCountAsync(queue);
    }

    /// <summary>How many messages of a queue are with a reader who has not acknowledged them; the broker's view of it lags behind.</summary>
    public async Task<long> UnacknowledgedAsync(string queue) =>
        (await QueueAsync(queue)).TryGetProperty("messages_unacknowledged", out var count) ? count.GetInt64() : 0;

    /// <summary>The exchanges' names, but for the broker's own.</summary>
    public async Task<List<string>> ExchangesAsync() =>
        [
            .. (await GetAsync($"exchanges/{Name}"))
                .EnumerateArray()
                .Select(q => q.GetProperty("name").GetString()!)
                .Where(n => n.Length > 0 && !n.StartsWith("amq.", StringComparison.Ordinal)),
        ];

    public async ValueTask DisposeAsync()
    {
        try
        {
            await DeleteAsync($"vhosts/{Name}");
        }
        catch (HttpRequestException)
        {
            // The broker is gone, and its data with it.
        }
        _http.Dispose();
    }

    private async Task<JsonElement> GetAsync(string path) => await _http.GetFromJsonAsync<JsonElement>(path);

    private async Task PutAsync(string path, object value) => (await _http.PutAsJsonAsync(path, value)).EnsureSuccessStatusCode();

    private async Task DeleteAsync(string path) => (await _http.DeleteAsync(path)).EnsureSuccessStatusCode();

    /// <summary>What a user may configure, write and read.</summary>
    public sealed record Rights(string configure, string write, string read);
}
