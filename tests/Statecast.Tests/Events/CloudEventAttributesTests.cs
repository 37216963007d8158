using System.Text;
using System.Text.RegularExpressions;
using Statecast.Events;
using Statecast.Serialization;
using Xunit;

namespace Statecast.Tests.Events;

/// <summary>The envelope as CloudEvents attributes, and back.</summary>
public sealed partial class CloudEventAttributesTests
{
    private static readonly StateEvent Sample = new()
    {
        Contract = "shop.order",
        Lane = new("shop.order.v1", 3),
        Key = "a%2Fb/7",
        Revision = new(1_700_000_000_000, 42),
        Operation = StateOperation.Upsert,
        Causes = "OrderCreated,OrderPaid",
        Codec = "json",
        Schema = Fingerprint.Of("schema"u8),
        Content = Fingerprint.Of("content"u8),
        Body = new byte[] { 1, 2 },
        CapturedAt = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero).AddMicroseconds(120_450),
        Source = "orders",
        LeaseId = new("11111111-2222-3333-4444-555555555555"),
        LaneNumber = 9,
        TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        TraceState = "vendor=1",
    };

    [Theory]
    [InlineData(StateOperation.Upsert)]
    [InlineData(StateOperation.Snapshot)]
    [InlineData(StateOperation.Delete)]
    public void Event_comes_back_as_it_was(StateOperation operation)
    {
        var said =
            operation == StateOperation.Delete
                ? Sample with
                {
                    Operation = operation,
                    Content = null,
                    Body = default,
                    Causes = null,
                    TraceState = null,
                }
                : Sample with
                {
                    Operation = operation,
                };
        Assert.Equal(said, Read(Attributes(said), said.Body));
    }

    [Fact]
    public void Patch_comes_back_with_its_base()
    {
        var said = Sample with { Operation = StateOperation.Patch, Base = 41 };
        Assert.Equal("41", Attributes(said)["ecstbase"]);
        Assert.Equal(said, Read(Attributes(said), said.Body));
        Assert.False(Attributes(Sample).ContainsKey("ecstbase"));
    }

    [Theory]
    [InlineData(StateOperation.Snapshot)]
    [InlineData(StateOperation.RangeBegin)]
    [InlineData(StateOperation.RangeEnd)]
    public void Answer_to_one_target_comes_back_in_its_snapshot_lane(StateOperation operation)
    {
        var said = Sample with { Operation = operation, Lane = SnapshotLane.Of(Sample.Lane, "shop.order.v1.shipping>3") };
        Assert.Equal("shop.order.v1", Attributes(said)["type"]);
        Assert.Equal("shop.order.v1.shipping>3", Attributes(said)["ecstreply"]);
        Assert.Equal(said, Read(Attributes(said), said.Body));
        Assert.False(Attributes(Sample).ContainsKey("ecstreply"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("0")]
    [InlineData("42")]
    [InlineData("43")]
    [InlineData("-1")]
    public void Patch_without_an_earlier_base_is_refused(string? number)
    {
        var attributes = Attributes(Sample with { Operation = StateOperation.Patch, Base = 41 });
        attributes.Remove("ecstbase");
        if (number is not null)
            attributes["ecstbase"] = number;
        Assert.Contains("ecstbase", Assert.Throws<FormatException>(() => Read(attributes, default)).Message);
    }

    [Fact]
    public void Names_are_lower_case_letters_and_digits() => Assert.All(Attributes(Sample).Keys, n => Assert.Matches(Name(), n));

    [Fact]
    public void Id_is_the_same_for_every_send()
    {
        var first = Attributes(Sample)["id"];
        Assert.Equal(first, Attributes(Sample with { LeaseId = Guid.Empty, LaneNumber = 0 })["id"]);
        Assert.NotEqual(first, Attributes(Sample with { Revision = new(1_700_000_000_000, 43) })["id"]);
        Assert.Equal('7', first[14]);
    }

    [Fact]
    public void Event_of_another_language_needs_the_required_attributes_only()
    {
        var foreign = new Dictionary<string, string>
        {
            ["specversion"] = "1.0",
            ["id"] = "anything",
            ["source"] = "python",
            ["type"] = "shop.order.v1",
            ["subject"] = "7",
            ["ecstop"] = "upsert",
            ["ecstepoch"] = "5",
            ["ecstrevision"] = "1",
            ["somethingelse"] = "ignored",
        };
        Assert.Equal(new StateRevision(5, 1), Read(foreign, default).Revision);
    }

    [Theory]
    [InlineData("specversion", "0.3")]
    [InlineData("specversion", null)]
    [InlineData("type", null)]
    [InlineData("subject", "")]
    [InlineData("source", null)]
    [InlineData("ecstop", "merge")]
    [InlineData("ecstepoch", "-1")]
    [InlineData("ecstrevision", "1.5")]
    [InlineData("time", "yesterday")]
    public void Missing_or_malformed_attribute_is_named(string name, string? value)
    {
        var attributes = Attributes(Sample);
        if (value is null)
            attributes.Remove(name);
        else
            attributes[name] = value;
        Assert.Contains(name, Assert.Throws<FormatException>(() => Read(attributes, default)).Message);
    }

    [Fact]
    public void What_repeats_is_decoded_once_and_never_taken_for_what_differs()
    {
        var repeats = new CloudEventRepeats();
        var other = Sample with
        {
            Lane = new("shop.order.v2", 3),
            Source = "billing",
            Causes = "OrderShipped",
            Schema = Fingerprint.Of("other"u8),
            LeaseId = new("99999999-2222-3333-4444-555555555555"),
        };
        var none = Sample with { Causes = null };
        StateEvent[] said = [Sample, Sample, other, Sample, none, other, other];
        var read = said.Select(e => ReadBytes(e, repeats)).ToList();
        Assert.Equal(said, read);
        Assert.Same(read[0].Source, read[1].Source);
        Assert.Same(read[5].Causes, read[6].Causes);
    }

    [Fact]
    public void Of_several_attributes_of_one_name_the_last_counts()
    {
        var reader = new CloudEventReader(new());
        foreach (var (name, value) in CloudEventAttributes.Of(Sample, "application/json"))
            reader.Take(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value));
        reader.Take("source"u8, "billing"u8);
        reader.Take("unknown"u8, "ignored"u8);
        Assert.Equal(Sample with { Source = "billing" }, reader.Read(Sample.Lane, "shop.order", "json", Sample.Body));
    }

    [Theory]
    [InlineData("2026-03-01T12:00:00.120450Z")]
    [InlineData("2026-03-01T12:00:00.12045Z")]
    [InlineData("2026-03-01T13:00:00.1204509+01:00")]
    public void Time_is_read_in_every_form_of_the_standard(string time)
    {
        var attributes = Attributes(Sample);
        Assert.Equal("2026-03-01T12:00:00.120450Z", attributes["time"]);
        attributes["time"] = time;
        Assert.Equal(Sample.CapturedAt, Read(attributes, default).CapturedAt);
    }

    private static StateEvent ReadBytes(StateEvent said, CloudEventRepeats repeats)
    {
        var reader = new CloudEventReader(repeats);
        foreach (var (name, value) in CloudEventAttributes.Of(said, "application/json"))
            reader.Take(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value));
        return reader.Read(Sample.Lane, "shop.order", "json", said.Body);
    }

    private static Dictionary<string, string> Attributes(StateEvent stateEvent) =>
        new(CloudEventAttributes.Of(stateEvent, "application/json"));

    private static StateEvent Read(Dictionary<string, string> attributes, ReadOnlyMemory<byte> body) =>
        CloudEventAttributes.Read(n => attributes.GetValueOrDefault(n), Sample.Lane, "shop.order", "json", body);

    [GeneratedRegex("^[a-z0-9]+$")]
    private static partial Regex Name();
}
