using Statecast.Events;
using Statecast.Publishing;
using Statecast.Serialization;
using Xunit;

namespace Statecast.Tests.Publishing;

/// <summary>Every combination of what the head says and what was read back.</summary>
public sealed class CaptureRuleTests
{
    private static readonly Fingerprint Schema = new(1);
    private static readonly Fingerprint OldSchema = new(2);
    private static readonly Fingerprint Content = new(3);
    private static readonly Fingerprint OldContent = new(4);

    private static readonly Head Same = new(5, false, Schema, Content);
    private static readonly Head Changed = new(5, false, Schema, OldContent);
    private static readonly Head OtherSchema = new(5, false, OldSchema, Content);
    private static readonly Head Deleted = new(5, true, Schema, null);

    /// <summary>A tombstone that still carries fingerprints must not hide a key that was created again with equal content.</summary>
    private static readonly Head DeletedWithContent = new(5, true, Schema, Content);

    private static readonly ReadBack Row = new(false, Schema, Content);
    private static readonly ReadBack Gone = new(true, Schema, null);

    public static TheoryData<Head, ReadBack, CaptureDecision> Saves =>
        new()
        {
            { Head.None, Row, new(true, 1, StateOperation.Upsert) },
            { Head.None, Gone, new(false, 0, StateOperation.Delete) },
            { Same, Row, new(false, 5, StateOperation.Upsert) },
            { Same, Gone, new(true, 6, StateOperation.Delete) },
            { Changed, Row, new(true, 6, StateOperation.Upsert) },
            { OtherSchema, Row, new(true, 6, StateOperation.Upsert) },
            { Deleted, Row, new(true, 6, StateOperation.Upsert) },
            { DeletedWithContent, Row, new(true, 6, StateOperation.Upsert) },
            { Deleted, Gone, new(false, 5, StateOperation.Delete) },
        };

    [Theory, MemberData(nameof(Saves))]
    public void Save_publishes_what_changed(Head head, ReadBack now, CaptureDecision expected) =>
        Assert.Equal(expected, CaptureRule.Save(head, now));

    public static TheoryData<Head, ReadBack, CaptureDecision> Republishes =>
        new()
        {
            { Head.None, Row, new(true, 1, StateOperation.Snapshot) },
            { Head.None, Gone, new(false, 0, StateOperation.Delete) },
            { Same, Row, new(true, 5, StateOperation.Snapshot) },
            { Same, Gone, new(true, 6, StateOperation.Delete) },
            { Changed, Row, new(true, 6, StateOperation.Upsert) },
            { OtherSchema, Row, new(true, 6, StateOperation.Snapshot) },
            { Deleted, Row, new(true, 6, StateOperation.Upsert) },
            { Deleted, Gone, new(true, 5, StateOperation.Delete) },
        };

    [Theory, MemberData(nameof(Republishes))]
    public void Republish_suppresses_nothing(Head head, ReadBack now, CaptureDecision expected) =>
        Assert.Equal(expected, CaptureRule.Republish(head, now));
}
