//! Conversations, their messages, runs and tool runs, and the answers to what a run asks.

use super::{Client, ClientError, transport::Page};
use crate::{
    api::{
        Accepted, Conversation, ConversationDetail, CreateConversation, Decide, Feedback, ForkConversation,
        GiveFeedback, Message, OutputPage, Participant, PlanAnswer, PlanRequest, ProvideCredentials, Run,
        SelectAlternative, SelectPlan, Selected, SendMessage, Timestamp, ToolRun, UpdateConversation,
        UpdateParticipant,
    },
    id::{ApprovalId, ConversationId, PlanId, RunId, ToolRunId, UserId},
};
use reqwest::Method;

/// What follows `/api/omega/conversations`.
fn conversation(id: ConversationId, rest: &str) -> String {
    format!("/api/omega/conversations/{id}{rest}")
}

/// Which rows of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PageQuery {
    /// At most this many (1 to 200; the server's default otherwise).
    pub limit: Option<u32>,
    /// Only rows before this sequence number.
    pub before: Option<u64>,
    /// Only rows after this sequence number.
    pub after: Option<u64>,
}

impl PageQuery {
    fn pairs(self) -> Vec<(&'static str, u64)> {
        let limit = self.limit.map(|n| ("limit", u64::from(n)));
        [limit, self.before.map(|n| ("before", n)), self.after.map(|n| ("after", n))].into_iter().flatten().collect()
    }
}

/// The format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// Lossless.
    Json,
    /// To read.
    Markdown,
}

impl Client {
    /// Makes a conversation.
    pub async fn create_conversation(&self, body: &CreateConversation) -> Result<Conversation, ClientError> {
        self.data(self.post("/api/omega/conversations").json(body)).await
    }

    /// The newest part of a conversation, and the cursor that continues it.
    pub async fn conversation(&self, id: ConversationId) -> Result<ConversationDetail, ClientError> {
        self.data(self.get(&conversation(id, ""))).await
    }

    /// The part of a conversation before event `before`: at most `limit` messages, with their tool runs and runs.
    pub async fn conversation_before(
        &self,
        id: ConversationId,
        before: u64,
        limit: u32,
    ) -> Result<ConversationDetail, ClientError> {
        let query = [("before", before), ("limit", u64::from(limit))];
        self.data(self.get(&conversation(id, "")).query(&query)).await
    }

    /// The part of a conversation after event `after`, 0 being before all: at most `limit` messages, with their tool runs and
    /// runs.
    pub async fn conversation_after(
        &self,
        id: ConversationId,
        after: u64,
        limit: u32,
    ) -> Result<ConversationDetail, ClientError> {
        let query = [("after", after), ("limit", u64::from(limit))];
        self.data(self.get(&conversation(id, "")).query(&query)).await
    }

    /// The part of a conversation from a time on: at most `limit` messages, with their tool runs and runs.
    pub async fn conversation_since(
        &self,
        id: ConversationId,
        since: Timestamp,
        limit: u32,
    ) -> Result<ConversationDetail, ClientError> {
        let query = [("since", since.to_string()), ("limit", limit.to_string())];
        self.data(self.get(&conversation(id, "")).query(&query)).await
    }

    /// Whether a conversation is there, for the user. A server that does not say so is an error, and no `false`.
    pub async fn has_conversation(&self, id: ConversationId) -> Result<bool, ClientError> {
        match self.conversation_before(id, 1, 1).await {
            Ok(_) => Ok(true),
            Err(ClientError::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Changes title or model.
    pub async fn update_conversation(
        &self,
        id: ConversationId,
        body: &UpdateConversation,
    ) -> Result<Conversation, ClientError> {
        self.data(self.request(Method::PATCH, &conversation(id, "")).json(body)).await
    }

    /// Replaces the conversation's link. The one before opens nothing any more, and the guests who joined by it are out.
    pub async fn rotate_link(&self, id: ConversationId) -> Result<Conversation, ClientError> {
        self.data(self.post(&conversation(id, "/link"))).await
    }

    /// Blocks a guest in a conversation, or lets them in again.
    pub async fn update_participant(
        &self,
        id: ConversationId,
        user: UserId,
        body: &UpdateParticipant,
    ) -> Result<Participant, ClientError> {
        let path = conversation(id, &format!("/participants/{user}"));
        self.data(self.request(Method::PUT, &path).json(body)).await
    }

    /// Sends a message and returns as soon as it is stored; follow the events after `seq - 1` for the rest. Sending again
    /// with the same `key` returns the first receipt.
    pub async fn send_message(
        &self,
        id: ConversationId,
        body: &SendMessage,
        key: &str,
    ) -> Result<Accepted, ClientError> {
        let request = self.request(Method::POST, &conversation(id, "/messages"));
        self.data(request.header("idempotency-key", key).header("prefer", "respond-async").json(body)).await
    }

    /// A page of messages.
    pub async fn messages(&self, id: ConversationId, query: PageQuery) -> Result<Page<Message>, ClientError> {
        self.page(self.get(&conversation(id, "/messages")).query(&query.pairs())).await
    }

    /// A page of tool runs; large outputs are left out.
    pub async fn tool_runs(&self, id: ConversationId, query: PageQuery) -> Result<Page<ToolRun>, ClientError> {
        self.page(self.get(&conversation(id, "/tool-runs")).query(&query.pairs())).await
    }

    /// One tool run.
    pub async fn tool_run(&self, id: ToolRunId) -> Result<ToolRun, ClientError> {
        self.data(self.get(&format!("/api/omega/tool-runs/{id}"))).await
    }

    /// A piece of a tool run's output, as JSON text.
    pub async fn tool_output(&self, id: ToolRunId, offset: u64, limit: u32) -> Result<OutputPage, ClientError> {
        let query = [("offset", offset), ("limit", u64::from(limit))];
        self.data(self.get(&format!("/api/omega/tool-runs/{id}/output")).query(&query)).await
    }

    /// Proposes plans; executes nothing.
    pub async fn plan(&self, id: ConversationId, body: &PlanRequest) -> Result<PlanAnswer, ClientError> {
        // PRD 13 has its shape without the envelope.
        let response = self.send(self.patient_post(&conversation(id, "/plan")).json(body)).await?;
        self.read(response).await
    }

    /// Gives a paused run the variables that it lacks, or lets it go on without them.
    pub async fn provide_credentials(&self, id: ConversationId, body: &ProvideCredentials) -> Result<Run, ClientError> {
        self.data(self.post(&conversation(id, "/credentials")).json(body)).await
    }

    /// Allows or refuses a call that waits for it.
    pub async fn decide(&self, id: ApprovalId, body: &Decide) -> Result<Run, ClientError> {
        self.data(self.post(&format!("/api/omega/approvals/{id}")).json(body)).await
    }

    /// Selects a plan, or asks for other ones.
    pub async fn select_plan(
        &self,
        id: ConversationId,
        plan: PlanId,
        body: &SelectPlan,
    ) -> Result<Selected, ClientError> {
        self.data(self.post(&conversation(id, &format!("/plans/{plan}/select"))).json(body)).await
    }

    /// Chooses a tool in place of one that can't do it, or none; the run that waits for it goes on.
    pub async fn select_alternative(&self, id: ConversationId, body: &SelectAlternative) -> Result<Run, ClientError> {
        self.data(self.post(&conversation(id, "/alternatives")).json(body)).await
    }

    /// One run.
    pub async fn run(&self, id: RunId) -> Result<Run, ClientError> {
        self.data(self.get(&format!("/api/omega/runs/{id}"))).await
    }

    /// Says what the caller thinks of a run's answer, in place of what they said before.
    pub async fn give_feedback(&self, run: RunId, body: &GiveFeedback) -> Result<Feedback, ClientError> {
        self.data(self.request(Method::PUT, &format!("/api/omega/runs/{run}/feedback")).json(body)).await
    }

    /// Takes back what the caller said of a run's answer. Repeating it is fine.
    pub async fn remove_feedback(&self, run: RunId) -> Result<(), ClientError> {
        self.done(self.request(Method::DELETE, &format!("/api/omega/runs/{run}/feedback"))).await
    }

    /// What everybody said of a conversation's answers, oldest first.
    pub async fn feedback(&self, id: ConversationId) -> Result<Vec<Feedback>, ClientError> {
        self.data(self.get(&conversation(id, "/feedback"))).await
    }

    /// Reads a document of `export` as a new conversation of the caller.
    pub async fn import_conversation(&self, document: Vec<u8>) -> Result<Conversation, ClientError> {
        let request = self.patient_post("/api/omega/conversations/import").header("content-type", "application/json");
        self.data(request.body(document)).await
    }

    /// A copy as a conversation of one's own; see `POST /conversations/:id/fork`.
    pub async fn fork(&self, id: ConversationId, body: &ForkConversation) -> Result<Conversation, ClientError> {
        self.data(self.patient_post(&conversation(id, "/fork")).json(body)).await
    }

    /// The whole conversation as a document.
    pub async fn export(&self, id: ConversationId, format: ExportFormat) -> Result<String, ClientError> {
        let format = match format {
            ExportFormat::Json => "json",
            ExportFormat::Markdown => "markdown",
        };
        let response = self.send(self.get(&conversation(id, "/export")).query(&[("format", format)])).await?;
        response.text().await.map_err(|e| ClientError::of_transport(self.base_url(), &e))
    }

    /// Cancels whatever works or waits in a conversation, and gives what that was. Repeating it is fine.
    pub async fn cancel_conversation(&self, id: ConversationId) -> Result<Vec<Run>, ClientError> {
        self.data(self.post(&conversation(id, "/cancel"))).await
    }

    /// Cancels a run. Repeating it is fine.
    pub async fn cancel_run(&self, id: RunId) -> Result<(), ClientError> {
        self.done(self.post(&format!("/api/omega/runs/{id}/cancel"))).await
    }

    /// Has the model of a run asked again at once that did not answer. A run that does not wait for that stays as it is.
    pub async fn retry_run(&self, id: RunId) -> Result<(), ClientError> {
        self.done(self.post(&format!("/api/omega/runs/{id}/retry"))).await
    }

    /// Cancels one tool run; its run goes on.
    pub async fn cancel_tool_run(&self, id: ToolRunId) -> Result<(), ClientError> {
        self.done(self.post(&format!("/api/omega/tool-runs/{id}/cancel"))).await
    }
}
