using System.Collections.Concurrent;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using Statecast.Transport;

namespace Statecast.Kafka.Transport;

/// <summary>Makes, checks and describes topics.</summary>
internal sealed class KafkaTopics(KafkaClients clients, TimeProvider clock, ILogger logger) : IDisposable
{
    private const short Copies = 3;
    private static readonly TimeSpan Answer = TimeSpan.FromSeconds(10);
    private readonly KafkaTopicRules _rules = new(clients.Options);
    private readonly IAdminClient _admin = clients.Admin();

    // Of whose copies was told. Topics are declared by several sources of a service at once.
    private readonly ConcurrentDictionary<string, short> _told = new(StringComparer.Ordinal);

    public KafkaTopicRules Rules => _rules;

    /// <summary>Makes what is missing of a destination and checks what is there.</summary>
    /// <exception cref="TransportException">It is not as it must be, or cannot be made.</exception>
    public async Task<KafkaTopic> DeclareAsync(string destination, int lanes, CancellationToken ct)
    {
        var control = KafkaTopic.ControlOf(destination);
        var words = await EnsureAsync(control, 1, _rules.ForControl, ct).ConfigureAwait(false);
        var topic = await EnsureAsync(destination, lanes, _rules.ForStates, ct).ConfigureAwait(false);
        if (topic.Partitions != lanes)
            throw new TransportException(_rules.OtherPartitions(topic, lanes));
        if (await FindProblemAsync(destination, ct).ConfigureAwait(false) is { } problem)
            throw new TransportException(problem);
        var copies = await CopiesAsync(destination, ct).ConfigureAwait(false);
        foreach (var declared in (KafkaTopic[])[topic, words])
            if (declared.Replicas < copies && _told.TryAdd(declared.Name, copies))
                LogMessages.FewCopies(logger, declared.Name, declared.Replicas, copies);
        return topic;
    }

    /// <summary>Removes a destination's topic and makes it anew with another number of partitions, unless its source speaks meanwhile.</summary>
    /// <param name="destination">The destination.</param>
    /// <param name="lanes">How many partitions.</param>
    /// <param name="listen">For how long the source is listened for.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="TransportException">The source speaks, or the brokers refuse.</exception>
    public async Task<KafkaTopic> RemakeAsync(string destination, int lanes, TimeSpan listen, CancellationToken ct)
    {
        if (await FindAsync(destination, ct).ConfigureAwait(false) is { } old)
        {
            await DemandSilenceAsync(destination, listen, ct).ConfigureAwait(false);
            await DeleteAsync(old, ct).ConfigureAwait(false);
        }
        return await DeclareAsync(destination, lanes, ct).ConfigureAwait(false);
    }

    /// <summary>What of a destination's topics breaks a promise, and how to mend it; null if nothing does.</summary>
    /// <exception cref="TransportException">The brokers do not say.</exception>
    public async Task<string?> FindProblemAsync(string destination, CancellationToken ct)
    {
        var control = KafkaTopic.ControlOf(destination);
        foreach (
            var topic in (KafkaTopic?[])
                [await FindAsync(destination, ct).ConfigureAwait(false), await FindAsync(control, ct).ConfigureAwait(false)]
        )
            if (
                topic is not null
                && _rules.FindProblem(topic, await SettingsAsync(topic.Name, ct).ConfigureAwait(false), topic.Name == control)
                    is { } problem
            )
                return problem;
        return null;
    }

    /// <summary>A topic; null if there is none.</summary>
    public async Task<KafkaTopic?> FindAsync(string name, CancellationToken ct)
    {
        TopicDescription found;
        try
        {
            var described = await _admin
                .DescribeTopicsAsync(TopicCollection.OfTopicNames([name]), new DescribeTopicsOptions { RequestTimeout = Answer })
                .WaitAsync(ct)
                .ConfigureAwait(false);
            found = described.TopicDescriptions[0];
        }
        catch (DescribeTopicsException e) when (e.Results.TopicDescriptions is [{ Error.Code: ErrorCode.UnknownTopicOrPart }])
        {
            return null;
        }
        catch (DescribeTopicsException e)
        {
            throw new TransportException(clients.Faults.Explain(e.Results.TopicDescriptions[0].Error, KafkaAct.Describing(name)), e);
        }
        catch (KafkaException e)
        {
            throw clients.Faults.Explain(e, KafkaAct.Describing(name));
        }
        if (found.Error.Code == ErrorCode.UnknownTopicOrPart)
            return null;
        if (found.TopicId is not { } id || (id.MostSignificantBits == 0 && id.LeastSignificantBits == 0))
            throw new TransportException(
                $"The brokers at {clients.Options.BootstrapServers} give topics no ids, so a topic that was made anew could not be told from the old one. Kafka 2.8 or newer is needed."
            );
        return new(name, KafkaTopic.IncarnationOf(found.TopicId), found.Partitions.Count, found.Partitions.Min(p => p.Replicas.Count));
    }

    /// <summary>Where partitions end: one beyond the last record that every in-sync copy has.</summary>
    public async Task<long[]> ReadEndsAsync(IReadOnlyList<TopicPartition> partitions, CancellationToken ct)
    {
        try
        {
            var read = await _admin
                .ListOffsetsAsync(
                    partitions.Select(p => new TopicPartitionOffsetSpec { TopicPartition = p, OffsetSpec = OffsetSpec.Latest() }),
                    new ListOffsetsOptions { RequestTimeout = Answer, IsolationLevel = IsolationLevel.ReadUncommitted }
                )
                .WaitAsync(ct)
                .ConfigureAwait(false);
            var ends = read.ResultInfos.ToDictionary(
                r => r.TopicPartitionOffsetError.TopicPartition,
                r => r.TopicPartitionOffsetError.Offset.Value
            );
            return [.. partitions.Select(p => ends[p])];
        }
        catch (ListOffsetsException e)
        {
            var error = e.Result.ResultInfos.Select(r => r.TopicPartitionOffsetError.Error).First(r => r.IsError);
            throw new TransportException(clients.Faults.Explain(error, KafkaAct.AskingEnds(partitions[0].Topic)), e);
        }
        catch (KafkaException e)
        {
            throw clients.Faults.Explain(e, KafkaAct.AskingEnds(partitions[0].Topic));
        }
    }

    public void Dispose() => _admin.Dispose();

    // A source that runs would find the topic gone and make it anew itself, with the number that it knows.
    private async Task DemandSilenceAsync(string destination, TimeSpan listen, CancellationToken ct)
    {
        var control = new TopicPartition(KafkaTopic.ControlOf(destination), 0);
        if (await FindAsync(control.Topic, ct).ConfigureAwait(false) is null)
            return;
        var before = (await ReadEndsAsync([control], ct).ConfigureAwait(false))[0];
        await Task.Delay(listen, clock, ct).ConfigureAwait(false);
        if ((await ReadEndsAsync([control], ct).ConfigureAwait(false))[0] != before)
            throw new TransportException(
                $"The topic '{destination}' is not removed: its source still speaks, and would make it anew with its own number of lanes. Let it send what is unsent, stop all of its instances, and try again."
            );
    }

    private async Task DeleteAsync(KafkaTopic old, CancellationToken ct)
    {
        try
        {
            await _admin
                .DeleteTopicsAsync([old.Name], new DeleteTopicsOptions { RequestTimeout = Answer, OperationTimeout = Answer })
                .WaitAsync(ct)
                .ConfigureAwait(false);
            LogMessages.TopicRemoved(logger, old.Name, old.Partitions);
        }
        catch (DeleteTopicsException e) when (e.Results[0].Error.Code == ErrorCode.UnknownTopicOrPart)
        {
            // Somebody else removed it.
        }
        catch (DeleteTopicsException e)
        {
            throw new TransportException(clients.Faults.Explain(e.Results[0].Error, KafkaAct.Removing(old.Name)), e);
        }
        catch (KafkaException e)
        {
            throw clients.Faults.Explain(e, KafkaAct.Removing(old.Name));
        }
        // Brokers forget a topic one after another.
        while (await FindAsync(old.Name, ct).ConfigureAwait(false) is { } found && found.Incarnation == old.Incarnation)
            await Task.Delay(TimeSpan.FromMilliseconds(50), clock, ct).ConfigureAwait(false);
    }

    private async Task<KafkaTopic> EnsureAsync(
        string name,
        int partitions,
        Func<int, Dictionary<string, string>> settings,
        CancellationToken ct
    )
    {
        // Brokers learn of a new topic one after another. One that nobody finds may have been removed again meanwhile: then it is made once more, and else it is there.
        while (true)
        {
            if (await FindAsync(name, ct).ConfigureAwait(false) is { } found)
                return found;
            await MakeAsync(name, partitions, settings, ct).ConfigureAwait(false);
            if (await FindAsync(name, ct).ConfigureAwait(false) is { } made)
                return made;
            await Task.Delay(TimeSpan.FromMilliseconds(50), clock, ct).ConfigureAwait(false);
        }
    }

    private async Task MakeAsync(string name, int partitions, Func<int, Dictionary<string, string>> settings, CancellationToken ct)
    {
        if (!clients.Options.CreateTopics)
            throw new TransportException(
                $"The topic '{name}' does not exist at {clients.Options.BootstrapServers}, and CreateTopics is off. Make it with {partitions} partition(s) and the settings "
                    + $"{string.Join(',', settings(clients.Options.ReplicationFactor ?? 3).Select(s => $"{s.Key}={s.Value}"))}."
            );
        try
        {
            var replicas = await CopiesAsync(name, ct).ConfigureAwait(false);
            await _admin
                .CreateTopicsAsync(
                    [
                        new()
                        {
                            Name = name,
                            NumPartitions = partitions,
                            ReplicationFactor = replicas,
                            Configs = settings(replicas),
                        },
                    ],
                    new CreateTopicsOptions { RequestTimeout = Answer, OperationTimeout = Answer }
                )
                .WaitAsync(ct)
                .ConfigureAwait(false);
            LogMessages.TopicMade(logger, name, partitions, replicas);
            // Brokers that are down now are not known: what was meant to have three copies may have one for ever.
            if (clients.Options.ReplicationFactor is null && replicas < Copies)
                LogMessages.FewBrokers(logger, name, replicas);
        }
        catch (CreateTopicsException e) when (e.Results[0].Error.Code == ErrorCode.TopicAlreadyExists)
        {
            // Another instance was faster, or not every broker has heard of it.
        }
        catch (CreateTopicsException e)
        {
            throw new TransportException(clients.Faults.Explain(e.Results[0].Error, KafkaAct.Making(name)), e);
        }
        catch (KafkaException e)
        {
            throw clients.Faults.Explain(e, KafkaAct.Making(name));
        }
    }

    // How many a topic is made with. Only brokers that are up are told of.
    private async Task<short> CopiesAsync(string topic, CancellationToken ct)
    {
        if (clients.Options.ReplicationFactor is { } set)
            return set;
        try
        {
            var cluster = await _admin
                .DescribeClusterAsync(new DescribeClusterOptions { RequestTimeout = Answer })
                .WaitAsync(ct)
                .ConfigureAwait(false);
            return (short)Math.Min(Copies, cluster.Nodes.Count);
        }
        catch (KafkaException e)
        {
            throw clients.Faults.Explain(e, KafkaAct.Describing(topic));
        }
    }

    private async Task<IReadOnlyDictionary<string, string>> SettingsAsync(string topic, CancellationToken ct)
    {
        try
        {
            var read = await _admin
                .DescribeConfigsAsync(
                    [new() { Type = ResourceType.Topic, Name = topic }],
                    new DescribeConfigsOptions { RequestTimeout = Answer }
                )
                .WaitAsync(ct)
                .ConfigureAwait(false);
            return read[0].Entries.ToDictionary(e => e.Key, e => e.Value.Value, StringComparer.Ordinal);
        }
        catch (DescribeConfigsException e)
        {
            throw new TransportException(clients.Faults.Explain(e.Results[0].Error, KafkaAct.ReadingSettings(topic)), e);
        }
        catch (KafkaException e)
        {
            throw clients.Faults.Explain(e, KafkaAct.ReadingSettings(topic));
        }
    }
}
